import type { ActorCloud, ServerState } from "@cloudhost/core";
import type { FakeFaults, FakePower } from "@cloudhost/driver-fake";

/** One operation as the harness runs it. */
export interface Scenario {
  /** The operation's kind, where the scenario is another way of it. @defaultValue the scenario's own name */
  readonly kind?: string;
  /** What there is before: nothing, a stopped guest `by-hand` on the first host, or the server `web-0` in this state. */
  readonly before: "nothing" | "a guest of others" | Before;
  /** Whether another server is on the same host, so that it has no room for a `large` one. */
  readonly neighbour?: true;
  /** Whether it may also end as failed where nothing was made to fail: it is cancelled, or was stuck. */
  readonly mayFail?: true;
  /** Makes the operation fail at its last step, so that all of it is taken back. One that only goes forward has none. */
  readonly fail?: (faults: FakeFaults, power: FakePower) => void;
  /** Asks for the operation and waits for its end. */
  run(album: ActorCloud, tools: ScenarioTools): Promise<void>;
  /** How the thing it is about ends when it succeeds and when it fails. */
  readonly ends: { readonly succeeded: Ending; readonly failed?: Ending };
}

/** A server's state, and how it came to be in it where that makes a difference. */
export type Before =
  | ServerState
  | "resized elsewhere"
  | "active with a disk"
  | "stopped with a disk"
  | "shelved with a disk"
  | "active with two interfaces"
  | "stuck"
  | "on a fenced host"
  | "evacuated";

/** What a scenario may use besides. */
export interface ScenarioTools {
  /** The cloud as its operator sees it. */
  readonly ops: ActorCloud;
  readonly files: { readonly image: string; readonly broken: string };
  readonly fails: boolean;
  readonly faults: FakeFaults;
}

/** What of the cloud there is at the end. */
export interface Ending {
  readonly server: "none" | ServerState;
  /** Images besides the base that are active. */
  readonly images: number;
  /** Guests of others that are there, as they were. @defaultValue 0 */
  readonly strangers?: number;
}

const final = { code: "CONFLICT", times: 1 } as const;
const hosts = ["host-1", "host-2"];
const failing =
  (method: Parameters<FakeFaults["failNext"]>[1]) =>
  (faults: FakeFaults): void => {
    for (const host of hosts) faults.failNext(host, method, final);
  };

/** The host of the server `web-0`. */
export async function hostOfWeb(ops: ActorCloud): Promise<string> {
  for await (const { host } of ops.servers.list({ name: "web-0" })) if (host !== null) return host;
  throw new Error("There is no web-0 on a host.");
}

const dayMs = 86_400_000;

/**
 * A creation that is cancelled while its host is at a call: what it has begun is ended, and all is taken back. A change of
 * the host's network is no operation's own: it goes on to its end.
 */
const cancelledAt = (method: Parameters<FakeFaults["failNext"]>[1]): Scenario => ({
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

/** Every operation that a user can ask for, by kind. */
export const scenarios: Readonly<Record<string, Scenario>> = {
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
      await (await album.servers.delete("web-0")).result();
    },
    ends: { succeeded: { server: "none", images: 0 }, failed: { server: "error", images: 0 } },
  },
  "server.create": {
    before: "nothing",
    fail: failing("start"),
    run: async (album) => {
      await (
        await album.servers.create({
          name: "web-0",
          flavor: "c1.e1",
          image: "base",
          externalKbit: 1000,
          userData: "#!/bin/sh\n",
        })
      ).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "error", images: 0 } },
  },
  "server.adopt": {
    before: "a guest of others",
    // Behind its effect, so that there is something to give back.
    fail: (faults) => faults.crashNext("host-1", "adopt", final),
    run: async (_album, { ops }) => {
      const guest = { host: "host-1", guest: "by-hand", project: "album" };
      const server = { name: "web-0", flavor: "c1.e1", joinNetwork: true };
      await (await ops.servers.adopt({ ...guest, ...server })).result();
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "error", images: 0, strangers: 1 } },
  },
  "server.delete": {
    before: "active",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.start": {
    before: "stopped",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.start("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.stop": {
    before: "active",
    run: async (album) => {
      await (await album.servers.stop("web-0", { graceMs: 0 })).result();
    },
    fail: failing("stop"),
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.reboot": {
    before: "active",
    run: async (album) => {
      await (await album.servers.reboot("web-0", { graceMs: 0 })).result();
    },
    fail: failing("reboot"),
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.pause": {
    before: "active",
    fail: failing("pause"),
    run: async (album) => {
      await (await album.servers.pause("web-0")).result();
    },
    ends: { succeeded: { server: "paused", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.unpause": {
    before: "paused",
    fail: failing("unpause"),
    run: async (album) => {
      await (await album.servers.unpause("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "paused", images: 0 } },
  },
  "server.suspend": {
    before: "active",
    fail: failing("suspend"),
    run: async (album) => {
      await (await album.servers.suspend("web-0")).result();
    },
    ends: { succeeded: { server: "suspended", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resume": {
    before: "suspended",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.resume("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "suspended", images: 0 } },
  },
  "server.rebuild": {
    before: "active",
    // Behind its point of no return it only goes forward: what fails there is tried again.
    fail: failing("stop"),
    run: async (album) => {
      await (await album.servers.rebuild("web-0", { image: "spare", graceMs: 0 })).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.rescue": {
    before: "active",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.rescue("web-0", { image: "spare", graceMs: 0 })).result();
    },
    ends: { succeeded: { server: "rescued", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.unrescue": {
    before: "rescued",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.unrescue("web-0", { graceMs: 0 })).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "rescued", images: 0 } },
  },
  "server.softDelete": {
    before: "active",
    fail: failing("stop"),
    run: async (album) => (await album.servers.delete("web-0", { restoreMs: dayMs })).result(),
    ends: { succeeded: { server: "softDeleted", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.restore": {
    before: "softDeleted",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.restore("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "softDeleted", images: 0 } },
  },
  "server.resize": {
    before: "active",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "c1.e1.d2" })).result();
    },
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resize live": {
    kind: "server.resize",
    before: "active",
    fail: failing("change"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "c2.e2" })).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.resizeToOtherHost": {
    before: "active",
    neighbour: true,
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.resize("web-0", { flavor: "large" })).result();
    },
    ends: { succeeded: { server: "resized", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.confirmResize": {
    before: "resized",
    run: async (album) => {
      await (await album.servers.confirmResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize": {
    before: "resized",
    run: async (album) => {
      await (await album.servers.revertResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.confirmResize on the other host": {
    kind: "server.confirmResize",
    before: "resized elsewhere",
    neighbour: true,
    run: async (album) => {
      await (await album.servers.confirmResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.revertResize from the other host": {
    kind: "server.revertResize",
    before: "resized elsewhere",
    neighbour: true,
    run: async (album) => {
      await (await album.servers.revertResize("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "resized", images: 0 } },
  },
  "server.migrate": {
    before: "active",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.shelve": {
    before: "active",
    fail: failing("layers"),
    run: async (album) => {
      await (await album.servers.shelve("web-0", { graceMs: 0 })).result();
    },
    ends: { succeeded: { server: "shelved", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.shelve with a disk": {
    kind: "server.shelve",
    before: "stopped with a disk",
    fail: failing("layers"),
    run: async (album) => {
      await (await album.servers.shelve("web-0")).result();
    },
    ends: { succeeded: { server: "shelved", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.unshelve": {
    before: "shelved",
    fail: failing("start"),
    run: async (album) => {
      await (await album.servers.unshelve("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "shelved", images: 0 } },
  },
  "server.unshelve with a disk": {
    kind: "server.unshelve",
    before: "shelved with a disk",
    fail: failing("putLayer"),
    run: async (album) => {
      await (await album.servers.unshelve("web-0")).result();
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "shelved", images: 0 } },
  },
  "server.delete while it is shelved": {
    kind: "server.delete",
    before: "shelved with a disk",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.softDelete while it is shelved": {
    kind: "server.softDelete",
    before: "shelved",
    run: async (album) => (await album.servers.delete("web-0", { restoreMs: dayMs })).result(),
    ends: { succeeded: { server: "softDeleted", images: 0 } },
  },
  "server.createDisk": {
    before: "active",
    fail: failing("change"),
    run: async (album) => {
      await (await album.servers.createDisk("web-0", { sizeGib: 1, name: "data" })).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.createDisk while it is stopped": {
    kind: "server.createDisk",
    before: "stopped",
    fail: failing("define"),
    run: async (album) => {
      await (await album.servers.createDisk("web-0", { sizeGib: 1 })).result();
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.deleteDisk": {
    before: "active with a disk",
    fail: failing("change"),
    run: async (album) => {
      await (await album.servers.deleteDisk("web-0", "data")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.deleteDisk while it is stopped": {
    kind: "server.deleteDisk",
    before: "stopped with a disk",
    fail: failing("define"),
    run: async (album) => {
      await (await album.servers.deleteDisk("web-0", "data")).result();
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.migrate with a disk": {
    kind: "server.migrate",
    before: "active with a disk",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.delete with a disk": {
    kind: "server.delete",
    before: "stopped with a disk",
    run: async (album) => (await album.servers.delete("web-0")).result(),
    ends: { succeeded: { server: "none", images: 0 } },
  },
  "server.attachInterface": {
    before: "active",
    fail: failing("change"),
    run: async (album) => {
      await (await album.servers.attachInterface("web-0")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.attachInterface while it is stopped": {
    kind: "server.attachInterface",
    before: "stopped",
    fail: failing("define"),
    run: async (album) => {
      await (await album.servers.attachInterface("web-0")).result();
    },
    ends: { succeeded: { server: "stopped", images: 0 }, failed: { server: "stopped", images: 0 } },
  },
  "server.detachInterface": {
    before: "active with two interfaces",
    fail: failing("network.apply"),
    run: async (album) => {
      const { addresses } = await album.servers.get("web-0");
      await (await album.servers.detachInterface("web-0", addresses[1]?.address ?? "")).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "server.migrate with two interfaces": {
    kind: "server.migrate",
    before: "active with two interfaces",
    fail: failing("start"),
    run: async (_album, { ops }) => {
      for await (const { id } of ops.servers.list({ name: "web-0" })) await (await ops.servers.migrate(id)).result();
    },
    ends: { succeeded: { server: "active", images: 0 }, failed: { server: "active", images: 0 } },
  },
  "project.delete": {
    before: "active",
    run: async (_album, { ops }) => (await ops.projects.delete("album", { everything: true })).result(),
    ends: { succeeded: { server: "none", images: -2 } },
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
  "host.fence": {
    before: "active",
    fail: (_, power) => power.failNext("fence", final),
    run: async (_album, { ops }) => {
      await (await ops.hosts.fence(await hostOfWeb(ops), { evenIfUp: true })).result();
    },
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
  "host.unfence": {
    before: "evacuated",
    run: async (_album, { ops }) => {
      for await (const { name, fencing } of ops.hosts.list())
        if (fencing !== null) await (await ops.hosts.unfence(name)).result();
    },
    ends: { succeeded: { server: "active", images: 0 } },
  },
  "image.import": {
    before: "nothing",
    fail: () => {},
    run: async (album, { files, fails }) => {
      await (await album.images.import({ name: "other", path: fails ? files.broken : files.image })).result();
    },
    ends: { succeeded: { server: "none", images: 1 }, failed: { server: "none", images: 0 } },
  },
  "image.snapshot": {
    before: "active",
    fail: failing("releaseDisk"),
    run: async (album) => {
      await (await album.images.snapshot("web-0", { name: "snapshot" })).result();
    },
    ends: { succeeded: { server: "active", images: 1 }, failed: { server: "active", images: 0 } },
  },
  "image.delete": {
    before: "nothing",
    run: async (album) => (await album.images.delete("spare")).result(),
    ends: { succeeded: { server: "none", images: -1 } },
  },
};
