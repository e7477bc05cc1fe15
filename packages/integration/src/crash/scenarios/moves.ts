import type { Scenario, Scenarios } from "../scenario.ts";
import { failing, web } from "./tools.ts";

const migrate: Scenario["run"] = async (_album, { ops }) => ops.servers.migrate((await web(ops)).id);

/** Servers that change their size or their host. */
export const moves: Scenarios = {
  "server.resize": {
    before: "active",
    fail: failing("start"),
    run: (album) => album.servers.resize("web-0", { flavor: "c1.e1.d2" }),
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resize live": {
    kind: "server.resize",
    before: "active",
    fail: failing("change"),
    run: (album) => album.servers.resize("web-0", { flavor: "c2.e2" }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resizeToOtherHost": {
    before: "active",
    neighbour: true,
    fail: failing("start"),
    run: (album) => album.servers.resize("web-0", { flavor: "large" }),
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.confirmResize": {
    before: "resized",
    run: (album) => album.servers.confirmResize("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize": {
    before: "resized",
    run: (album) => album.servers.revertResize("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.confirmResize on the other host": {
    kind: "server.confirmResize",
    before: "resized elsewhere",
    neighbour: true,
    run: (album) => album.servers.confirmResize("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize from the other host": {
    kind: "server.revertResize",
    before: "resized elsewhere",
    neighbour: true,
    run: (album) => album.servers.revertResize("web-0"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.migrate": {
    before: "active",
    fail: failing("start"),
    run: migrate,
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.migrate with a disk": {
    kind: "server.migrate",
    before: "active with a disk",
    fail: failing("start"),
    run: migrate,
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.migrate with two interfaces": {
    kind: "server.migrate",
    before: "active with two interfaces",
    fail: failing("start"),
    run: migrate,
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
};
