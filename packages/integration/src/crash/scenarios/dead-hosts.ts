import type { Scenarios } from "../scenario.ts";
import { failing, final, hostOfWeb } from "./tools.ts";

/** Hosts that die, what was on them, and their return. */
export const deadHosts: Scenarios = {
  "host.fence": {
    before: "active",
    fail: (_, power) => power.failNext("fence", final),
    run: async (_album, { ops }) => ops.hosts.fence(await hostOfWeb(ops), { evenIfUp: true }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.evacuate": {
    before: "on a fenced host",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for (const operation of (await ops.hosts.evacuate(await hostOfWeb(ops))).operations) await operation.result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.delete on a fenced host": {
    kind: "server.delete",
    before: "on a fenced host",
    run: (album) => album.servers.delete("web-0"),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "host.unfence": {
    before: "evacuated",
    run: async (_album, { ops }) => {
      for await (const { name, fencing } of ops.hosts.list())
        if (fencing !== null) await (await ops.hosts.unfence(name)).result();
    },
    ends: { succeeded: { server: "active", images: 0 } },
  },
};
