import { isCloudHostError, permissions, serverActions } from "@cloudhost/core";
import type {
  ActorCloud,
  OperationHandle,
  Server,
  ServerActionName,
  ServerActionRule,
  ServerState,
} from "@cloudhost/core";
import { amy, createTestCloud, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { filter, firstValueFrom } from "rxjs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

/** What an action gives: an operation to wait for, or that it is done. */
type Called = Promise<OperationHandle<unknown> | string | object>;

/** How each action is asked for, by a member or an operator. `undefined`: there is no method for it yet. */
const calls: Readonly<
  Record<ServerActionName, ((album: ActorCloud, server: string, ops: ActorCloud) => Called) | undefined>
> = {
  start: (album, server) => album.servers.start(server),
  stop: (album, server) => album.servers.stop(server),
  reboot: (album, server) => album.servers.reboot(server),
  hardReboot: (album, server) => album.servers.reboot(server, { hard: true }),
  pause: (album, server) => album.servers.pause(server),
  unpause: (album, server) => album.servers.unpause(server),
  suspend: (album, server) => album.servers.suspend(server),
  resume: (album, server) => album.servers.resume(server),
  rebuild: (album, server) => album.servers.rebuild(server, { image: "debian-12" }),
  rescue: (album, server) => album.servers.rescue(server),
  unrescue: (album, server) => album.servers.unrescue(server),
  resize: (album, server) => album.servers.resize(server, { flavor: "c2.e4" }),
  confirmResize: (album, server) => album.servers.confirmResize(server),
  revertResize: (album, server) => album.servers.revertResize(server),
  migrate: (_, server, ops) => ops.servers.migrate(server),
  shelve: (album, server) => album.servers.shelve(server),
  unshelve: (album, server) => album.servers.unshelve(server),
  createDisk: (album, server) => album.servers.createDisk(server, { sizeGib: 1 }),
  deleteDisk: async (album, server) => {
    await (await album.servers.createDisk(server, { sizeGib: 1, name: "data" })).result();
    return album.servers.deleteDisk(server, "data");
  },
  attachInterface: (album, server) => album.servers.attachInterface(server),
  detachInterface: async (album, server) => {
    const { addresses } = await (await album.servers.attachInterface(server)).result();
    return album.servers.detachInterface(server, addresses[1]?.nicId ?? "");
  },
  evacuate: async (_, server, ops) => {
    try {
      return await ops.servers.evacuate(server);
    } catch (error) {
      if (!isCloudHostError(error, "CONFLICT") || !error.details.allowed.includes("fenced")) throw error;
      // It is allowed in its state: all that it needs is a host that is dead.
      const { host } = await ops.servers.get(server);
      await (await ops.hosts.fence(host ?? "", { evenIfUp: true })).result();
      // Sleepers may have moved the time past heartbeats: those of the other host come in again.
      await cloud.clock.advance({ seconds: 20 });
      return ops.servers.evacuate(server);
    }
  },
  snapshot: (album, server) => album.images.snapshot(server, { name: "snapshot" }),
  delete: (album, server) => album.servers.delete(server),
  restore: (album, server) => album.servers.restore(server),
  update: (album, server) => album.servers.update(server, {}),
  lock: (album, server) => album.servers.lock(server),
  unlock: (album, server) => album.servers.unlock(server),
  console: (album, server) => album.servers.console(server),
};
const actions = (Object.keys(calls) as ServerActionName[]).filter((action) => calls[action] !== undefined);

/** How a running server comes to be in a state. `undefined`: see the tests of their own, or no method leads there yet. */
const ways: Readonly<Record<ServerState, ((cloud: TestCloud, server: string) => Promise<unknown>) | undefined>> = {
  active: async () => {},
  stopped: async (cloud, server) => (await cloud.as(amy).servers.stop(server)).result(),
  paused: async (cloud, server) => (await cloud.as(amy).servers.pause(server)).result(),
  suspended: async (cloud, server) => (await cloud.as(amy).servers.suspend(server)).result(),
  rescued: async (cloud, server) => (await cloud.as(amy).servers.rescue(server)).result(),
  shelved: async (cloud, server) => (await cloud.as(amy).servers.shelve(server)).result(),
  softDeleted: async (cloud, server) =>
    (await cloud.as(amy).servers.delete(server, { restoreMs: 86_400_000 })).result(),
  async resized(cloud, server) {
    await ways.stopped?.(cloud, server);
    await (await cloud.as(amy).servers.resize(server, { flavor: "c2.e4" })).result();
  },
  async error(cloud, server) {
    for (const host of hosts) cloud.faults.failNext(host, "remove", { times: Infinity, code: "CONFLICT" });
    const remove = await cloud.as(amy).servers.delete(server);
    await expect.poll(async () => (await advanced(cloud)).operations.get(remove.id)).toMatchObject({ state: "stuck" });
    cloud.faults.clear();
    await cloud.as(olga).operations.abandon(remove.id, { reason: "a server in error" });
  },
  building: undefined,
  deleting: undefined,
  deleted: undefined,
};
const states = (Object.keys(ways) as ServerState[]).filter((state) => ways[state] !== undefined);

async function advanced(cloud: TestCloud): Promise<ActorCloud> {
  await cloud.clock.advance({ seconds: 20 });
  return cloud.as(amy);
}

const hosts = ["host-1", "host-2"];

/** What only operators ask for: they pass every lock. */
const operators: ReadonlySet<ServerActionName> = new Set(["evacuate", "migrate"]);

let cloud: TestCloud;
let album: ActorCloud;
let servers = 0;
beforeAll(async () => {
  cloud = await createTestCloud({ hosts: hosts.length, busFaults: {} });
  album = cloud.as(amy);
  for (const quota of ["servers", "vcpus", "milliEcu", "memoryMib", "diskGib"])
    await cloud.as(olga).quotas.set("album", { [quota]: -1 });
});
afterEach(async () => {
  cloud.faults.clear();
  const { hosts: machines } = cloud.as(olga);
  for await (const { name, fencing } of machines.list()) {
    if (fencing === null) continue;
    const unfence = await machines.unfence(name);
    await cloud.clock.advance({ seconds: 20 });
    await unfence.result();
    await machines.enable(name);
  }
});
afterAll(() => cloud.close());

/** A server of its own in a state. */
async function serverIn(state: ServerState): Promise<string> {
  servers += 1;
  const create = await album.servers.create({ name: `web-${servers}`, flavor: "c1.e1", image: "debian-12" });
  await create.result();
  await ways[state]?.(cloud, create.resourceId);
  expect(await album.servers.get(create.resourceId)).toMatchObject({ state, busy: false });
  return create.resourceId;
}

const ruleOf = (action: ServerActionName): ServerActionRule => serverActions[action];

/** What a server is after an action in a state. */
function stateAfter(action: ServerActionName, state: ServerState): ServerState {
  const { to, exclusive } = ruleOf(action);
  if (to !== "before") return to;
  if (!exclusive || action === "snapshot") return state;
  // What is evacuated has lost its memory.
  if (action === "evacuate" && (state === "paused" || state === "suspended")) return "stopped";
  return state === "stopped" || state === "resized" ? "stopped" : "active";
}

/** How the event says that an operation ended; what is none is done when it is called. */
async function outcome(called: Awaited<Called> | undefined): Promise<string> {
  if (typeof called !== "object" || !("result" in called)) return "succeeded";
  await called.result();
  const { kind } = await album.operations.get(called.id);
  const ended = album
    .events({ after: 0 })
    .pipe(filter((event) => event.data["operationId"] === called.id && event.kind.startsWith(kind)));
  return (await firstValueFrom(ended)).kind.slice(`${kind}.`.length);
}

/** A server's state, whether an operation has it, and whether it has a fault: just what is in error has. */
async function found(server: string): Promise<Pick<Server, "state" | "busy"> & { readonly faulty: boolean }> {
  try {
    const { state, busy, fault } = await album.servers.get(server);
    return { state, busy, faulty: fault !== null };
  } catch (error) {
    if (!isCloudHostError(error, "NOT_FOUND")) throw error;
    return { state: "deleted", busy: false, faulty: false };
  }
}

/** Takes it away, whatever became of it. */
async function removed(server: string): Promise<void> {
  if ((await found(server)).state === "deleted") return;
  await cloud
    .as(olga)
    .servers.unlock(server)
    .catch(() => {});
  await (await album.servers.delete(server, { restoreMs: 0 })).result();
}

/** Tries an action that is refused. */
async function refusal(action: ServerActionName, server: string): Promise<unknown> {
  return calls[action]?.(album, server, cloud.as(olga)).then(
    () => "it was done",
    (error: unknown) => error,
  );
}

describe("every action that has a method", () => {
  it("is tried here", () => {
    const methods = new Set(Object.keys(permissions));
    const untried = Object.entries(calls).filter(
      ([action, call]) => call === undefined && methods.has(`servers.${action}`),
    );
    expect(untried).toEqual([]);
  });
});

describe.each(states)("a server that is %s", (state) => {
  const allowed = actions.filter((action) => ruleOf(action).from.includes(state));

  it("is refused what its state does not allow, with a reason, and stays as it is", async () => {
    const server = await serverIn(state);
    const before = await album.servers.get(server);
    for (const action of actions.filter((one) => !allowed.includes(one))) {
      expect({ action, said: await refusal(action, server) }).toMatchObject({
        action,
        said: {
          code: "CONFLICT",
          details: { state, allowed: ruleOf(action).from },
          message: expect.stringContaining(`is ${state}: it cannot be asked to `) as string,
          retryable: false,
        },
      });
    }
    expect(await album.servers.get(server)).toEqual(before);
    await (await album.servers.delete(server, { restoreMs: 0 })).result();
  });

  it.each(allowed)("does as it is asked to: %s", async (action) => {
    const server = await serverIn(state);
    expect(await outcome(await calls[action]?.(album, server, cloud.as(olga)))).toBe("succeeded");
    const after = stateAfter(action, state);
    expect(await found(server)).toEqual({ state: after, busy: false, faulty: after === "error" });
    await removed(server);
  });
});

describe("two changes of a server at once", () => {
  it("leave an operator's lock an operator's, whoever locks it besides", async () => {
    const server = await serverIn("active");
    await Promise.all([cloud.as(olga).servers.lock(server), album.servers.lock(server)]);
    const message = expect.stringContaining("locked by operator") as string;
    expect(await refusal("unlock", server)).toMatchObject({ code: "CONFLICT", message });
    await cloud.as(olga).servers.unlock(server);
    await removed(server);
  });

  it("keep a name that one gives, where the other gives tags", async () => {
    const server = await serverIn("active");
    await Promise.all([
      album.servers.update(server, { name: "renamed" }),
      album.servers.update(server, { tags: { role: "web" } }),
    ]);
    expect(await album.servers.get(server)).toMatchObject({ name: "renamed", tags: { role: "web" } });
    await removed(server);
  });
});

describe("a server that is", () => {
  it("building or deleting is refused what would have it for itself, and can be asked again", async () => {
    const refusedNow = async (state: ServerState, server: string): Promise<void> => {
      for (const action of actions) {
        const { exclusive, from } = ruleOf(action);
        if (!exclusive && from.includes(state)) continue;
        const said = await refusal(action, server);
        const wanted = { code: "CONFLICT", details: { state }, retryable: exclusive };
        expect({ action, said }).toMatchObject({ action, said: wanted });
      }
      expect(await album.servers.get(server)).toMatchObject({ state });
    };
    const defining = hosts.map((host) => cloud.faults.hang(host, "define"));
    const create = await album.servers.create({ name: "slow", flavor: "c1.e1", image: "debian-12" });
    await refusedNow("building", create.resourceId);
    expect(await album.servers.update(create.resourceId, { name: "slowly" })).toMatchObject({ state: "building" });
    for (const hang of defining) hang.release();
    cloud.faults.clear();
    await create.result();
    const removing = hosts.map((host) => cloud.faults.hang(host, "remove"));
    const remove = await album.servers.delete(create.resourceId);
    await refusedNow("deleting", create.resourceId);
    for (const hang of removing) hang.release();
    cloud.faults.clear();
    await remove.result();
    for (const action of actions)
      expect({ action, said: await refusal(action, create.resourceId) }).toMatchObject({ said: { code: "NOT_FOUND" } });
  });

  it("in error and on no host is refused what needs one", async () => {
    for (const host of hosts) cloud.faults.failNext(host, "start", { code: "CONFLICT" });
    const create = await album.servers.create({ name: "none", flavor: "c1.e1", image: "debian-12" });
    await expect(create.result()).rejects.toMatchObject({ code: "CONFLICT" });
    cloud.faults.clear();
    for (const action of actions.filter((one) => ruleOf(one).needsHost && ruleOf(one).from.includes("error"))) {
      const said = await refusal(action, create.resourceId);
      const message = expect.stringContaining("on no host") as string;
      expect({ action, said }).toMatchObject({ action, said: { code: "CONFLICT", message } });
    }
    await (await album.servers.delete(create.resourceId)).result();
  });

  it.each(["project", "operator"] as const)("locked by its %s is kept from its members' changes", async (who) => {
    const server = await serverIn("active");
    await cloud.as(who === "project" ? amy : olga).servers.lock(server);
    const tried = actions.filter((action) => ruleOf(action).from.includes("active") && !operators.has(action));
    for (const action of tried) {
      const { heldOffBy } = ruleOf(action);
      if (heldOffBy === "no lock" || (heldOffBy === "an operator's lock" && who === "project")) continue;
      const said = await refusal(action, server);
      const message = expect.stringContaining(`locked by ${who}`) as string;
      expect({ action, said }).toMatchObject({ action, said: { code: "CONFLICT", message } });
    }
    // Whoever operates the cloud passes it.
    await (await cloud.as(olga).servers.stop(server)).result();
    expect(await album.servers.get(server)).toMatchObject({ state: "stopped", locked: true });
    await cloud.as(who === "project" ? amy : olga).servers.unlock(server);
    expect((await (await album.servers.start(server)).result()).locked).toBe(false);
    await (await album.servers.delete(server)).result();
  });
});
