import type { ActorCloud } from "@cloudhost/core";
import { fakeFaults, fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { claimed, created, nothingClaimed } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

const restoreMs = 180_000;

/** Brings the running server into a state from which it is deleted. */
const into = {
  active: async () => {},
  stopped: async (album: ActorCloud) => void (await (await album.servers.stop("web-1")).result()),
  paused: async (album: ActorCloud) => void (await (await album.servers.pause("web-1")).result()),
  suspended: async (album: ActorCloud) => void (await (await album.servers.suspend("web-1")).result()),
  rescued: async (album: ActorCloud) => void (await (await album.servers.rescue("web-1")).result()),
} as const;

overDatabases((open) => {
  const opened = async (more: { restoreMs?: number } = {}) => {
    const hosts = fakeFleet({ hosts: 1 });
    const world = holdFakeWorld(hosts);
    const cloud = await open({ hosts, ...more });
    const guests = async () => (await world.read()).flatMap((host) => host.guests);
    const faults = fakeFaults(hosts);
    return { cloud, album: cloud.as(amy), faults, guests, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
  };

  describe("a deletion with a time to restore", () => {
    it.each([
      ["active", "stopped", "active", "running"],
      ["stopped", "stopped", "stopped", "stopped"],
      ["suspended", "suspended", "suspended", "suspended"],
      ["rescued", "stopped", "rescued", "running"],
      // Its memory is gone: it is not started behind its user's back.
      ["paused", "stopped", "stopped", "stopped"],
    ] as const)("of one that is %s leaves it %s, and restored it is %s", async (state, meanwhile, restored, power) => {
      await using test = await opened();
      const { cloud, album } = test;
      const server = await created(album);
      await into[state](album);
      const used = await claimed(cloud);
      await (await album.servers.delete("web-1", { restoreMs })).result();
      const deleted = await album.servers.get("web-1");
      expect(deleted).toMatchObject({ state: "softDeleted", busy: false, addresses: server.addresses });
      expect(deleted.restorableUntilMs).toBeGreaterThan(cloud.clock.nowMs());
      expect((await test.guests()).map((guest) => guest.power)).toEqual([meanwhile]);
      expect(await claimed(cloud)).toEqual(used);
      const back = await (await album.servers.restore("web-1")).result();
      expect(back).toMatchObject({ id: server.id, state: restored, restorableUntilMs: null, fault: null });
      expect((await test.guests()).map((guest) => guest.power)).toEqual([power]);
    });

    it.each(["active", "rescued"] as const)("that fails leaves one that is %s running", async (state) => {
      await using test = await opened();
      const { cloud, album, faults } = test;
      await created(album);
      await into[state](album);
      // It has stopped before its host says that it could not be.
      faults.crashNext("host-1", "stop", { code: "CONFLICT" });
      const deletion = await album.servers.delete("web-1", { restoreMs });
      await expect(deletion.result()).rejects.toMatchObject({ code: "CONFLICT" });
      await cloud.clock.advance({ minutes: 2 });
      expect(await album.servers.get("web-1")).toMatchObject({ state, busy: false, fault: null });
      expect((await test.guests()).map((guest) => guest.power)).toEqual(["running"]);
    });

    it("is for good once the time is over", async () => {
      await using test = await opened({ restoreMs });
      const { cloud, album } = test;
      await created(album);
      await (await album.servers.delete("web-1")).result();
      await cloud.clock.advance({ minutes: 2 });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "softDeleted" });
      await cloud.clock.advance({ minutes: 3 });
      await expect(album.servers.restore("web-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await test.guests()).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      const purge = (await all(cloud.as(olga).operations.list())).find(({ kind }) => kind === "server.delete");
      expect(purge).toMatchObject({ state: "succeeded", userId: "system: purge" });
    });

    it("is for good at once when it is deleted again, or asks for no time", async () => {
      await using test = await opened({ restoreMs });
      const { cloud, album } = test;
      await created(album);
      await (await album.servers.delete("web-1")).result();
      await (await album.servers.delete("web-1")).result();
      expect(await all(album.servers.list())).toEqual([]);
      await created(album, { name: "web-2" });
      await (await album.servers.delete("web-2", { restoreMs: 0 })).result();
      expect(await all(album.servers.list())).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
    });

    it("is the same one when it is asked for again with its key, and while it can be restored", async () => {
      await using test = await opened();
      const { album } = test;
      const { id } = await created(album);
      const asked = { restoreMs, idempotencyKey: "delete-web-1" };
      const first = await album.servers.delete(id, asked);
      await first.result();
      expect((await album.servers.delete(id, asked)).id).toBe(first.id);
      expect(await album.servers.get(id)).toMatchObject({ state: "softDeleted" });
      await (await album.servers.restore(id)).result();
      await expect(album.servers.delete(id, { ...asked, restoreMs: 0 })).rejects.toMatchObject({
        code: "IDEMPOTENCY_MISMATCH",
      });
    });

    it("gives its name to a new server, is found by its id, and restored it stays", async () => {
      await using test = await opened({ restoreMs });
      const { cloud, album } = test;
      const first = await created(album);
      await (await album.servers.delete("web-1")).result();
      const second = await created(album);
      expect((await album.servers.get("web-1")).id).toBe(second.id);
      expect((await (await album.servers.restore(first.id)).result()).state).toBe("active");
      await cloud.clock.advance({ minutes: 5 });
      await expect(album.servers.get("web-1")).rejects.toMatchObject({ code: "CONFLICT" });
    });

    it("that cannot stop the server leaves it as it was; a restore that fails leaves it deleted", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      await created(album);
      cloud.faults.failNext("host-1", "stop", { code: "CONFLICT" });
      const remove = await album.servers.delete("web-1", { restoreMs });
      await expect(remove.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false });
      await (await album.servers.delete("web-1", { restoreMs })).result();
      cloud.faults.failNext("host-1", "start", { code: "CONFLICT" });
      await expect((await album.servers.restore("web-1")).result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "softDeleted", busy: false });
      await cloud.clock.advance({ minutes: 5 });
      expect(await all(album.servers.list())).toEqual([]);
    });
  });
});
