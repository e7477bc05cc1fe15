import type { ActorCloud } from "@cloudhost/core";
import type { Scenario, Scenarios } from "../scenario.ts";
import { failing, final, hosts } from "./tools.ts";
import type { Failing } from "./tools.ts";

/**
 * A creation that is cancelled while its host is at a call: what it has begun is ended, and all is taken back. A change of
 * the host's network is no operation's own: it goes on to its end.
 */
const cancelledAt = (method: Failing): Scenario => ({
  kind: "server.create",
  before: "nothing",
  mayFail: true,
  run: async (album, { faults }) => {
    const hangs = hosts.map((host) => faults.hang(host, method));
    const create = await album.servers.create({ name: "web-0", flavor: "c1.e1", image: "base" });
    await Promise.race(hangs.map(({ reached }) => reached));
    await album.operations.cancel(create.id);
    if (method === "network.apply") for (const hang of hangs) hang.release();
    await create.result().catch(() => {});
  },
  ends: { succeeded: { server: "active", images: 0 }, failed: { server: "error", images: 0 } },
});

/** The operation that is stuck. */
async function stuckOperation(ops: ActorCloud): Promise<string> {
  for await (const { id } of ops.operations.list({ state: "stuck" })) return id;
  throw new Error("No operation is stuck.");
}

/** Servers that are made: also together, from what is there already, and those whose making is cancelled or stuck. */
export const creations: Scenarios = {
  "server.create cancelled at its network": cancelledAt("network.apply"),
  "server.create cancelled at its guest": cancelledAt("define"),
  "server.create cancelled at its start": cancelledAt("start"),
  "server.create stuck and retried": {
    kind: "server.create",
    before: "stuck",
    mayFail: true,
    run: async (_album, { ops }) => {
      await (await ops.operations.retry(await stuckOperation(ops))).result().catch(() => {});
    },
    // It was on its way back.
    ends: { succeeded: { server: "none", images: 0 }, failed: { server: "error", images: 0 } },
  },
  "server.create stuck and abandoned": {
    kind: "server.delete",
    before: "stuck",
    mayFail: true,
    run: async (album, { ops }) => {
      await ops.operations.abandon(await stuckOperation(ops), { reason: "nobody can help it" });
      return album.servers.delete("web-0");
    },
    ends: { succeeded: { server: "none", images: 0 }, failed: { server: "error", images: 0 } },
  },
  "server.create": {
    before: "nothing",
    fail: failing("start"),
    run: (album) =>
      album.servers.create({
        name: "web-0",
        flavor: "c1.e1",
        image: "base",
        externalKbit: 1000,
        userData: "#!/bin/sh\n",
      }),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "error", images: 0 } },
  },
  "server.create all or nothing": {
    kind: "server.create",
    before: "nothing",
    fail: failing("start"),
    run: async (album) => {
      const asked = { name: "web-0", flavor: "c1.e1", image: "base", count: 2, allOrNothing: true } as const;
      await Promise.all((await album.servers.create(asked)).map((create) => create.result()));
    },
    ends: { succeeded: { server: "none", images: 0 }, failed: { server: "none", images: 0 } },
  },
  "server.adopt": {
    before: "a guest of others",
    // Behind its effect, so that there is something to give back.
    fail: (faults) => faults.crashNext("host-1", "adopt", final),
    run: async (_album, { ops }) => {
      const guest = { host: "host-1", guest: "by-hand", project: "album" };
      const server = { name: "web-0", flavor: "c1.e1", joinNetwork: true };
      return ops.servers.adopt({ ...guest, ...server });
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "error", images: 0, strangers: 1 } },
  },
};
