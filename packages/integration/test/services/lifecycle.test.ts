import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { amy } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { claimed, created, nothingClaimed, web } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

overDatabases((open) => {
  describe("a server", () => {
    it("goes from its creation to its end", async () => {
      const hosts = fakeFleet({ hosts: 2 });
      await using world = holdFakeWorld(hosts);
      const cloud = await open({ hosts });
      const album = cloud.as(amy);
      const create = await album.servers.create({ ...web, flavor: "c2.e4", externalKbit: 10_000 });
      expect(await album.servers.get(create.resourceId)).toMatchObject({ state: "building", operationId: create.id });
      const server = await create.result();
      expect(server).toMatchObject({
        id: create.resourceId,
        userId: "amy",
        name: "web-1",
        state: "active",
        busy: false,
        flavor: "c2.e4",
        vcpus: 2,
        milliEcuPerVcpu: 2000,
        memoryMib: 4096,
        systemDiskGib: 20,
        ephemeralDiskGib: 0,
        zone: "az-1",
        host: null,
        internal: { rateKbit: 32_000, ceilKbit: 128_000 },
        external: { rateKbit: 10_000, ceilKbit: 10_000 },
        fault: null,
      });
      expect(server.addresses).toMatchObject([{ network: "fixed", address: "10.0.0.2" }]);
      expect(await claimed(cloud)).toMatchObject({
        servers: 1,
        vcpus: 2,
        milliEcu: 4000,
        memoryMib: 4096 + 96,
        diskGib: 20,
        internalKbit: 32_000,
        externalKbit: 10_000,
      });

      const ready = await album.servers.ready(server.id, { timeoutMs: 60_000 });
      expect(ready.guest.state).toBe("ready");
      expect(ready.guest.sinceMs).toBeGreaterThanOrEqual(server.createdAtMs);
      await cloud.clock.advance({ minutes: 5 });
      expect((await album.servers.get("web-1")).guest).toEqual(ready.guest);

      const stopped = await (await album.servers.stop("web-1")).result();
      expect(stopped.state).toBe("stopped");
      await cloud.clock.advance({ minutes: 2 });
      expect((await album.servers.get("web-1")).guest.state).not.toBe("ready");
      expect((await claimed(cloud))["milliEcu"]).toBe(4000);
      expect((await (await album.servers.start("web-1")).result()).state).toBe("active");
      await album.servers.ready("web-1");
      expect((await (await album.servers.reboot("web-1", { graceMs: 0 })).result()).state).toBe("active");
      expect((await album.servers.ready("web-1")).guest.sinceMs).toBeGreaterThan(ready.guest.sinceMs);

      await (await album.servers.delete("web-1")).result();
      await expect(album.servers.get(server.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await all(album.servers.list())).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      await cloud.clock.advance({ minutes: 1 });
      const left = (await world.read()).flatMap(({ guests, bindings, files }) => [...guests, ...bindings, ...files]);
      expect(left).toEqual([]);
    });

    it("says in which states a thing can be done", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      await created(album);
      const conflict = (state: string, ...allowed: string[]) => ({ code: "CONFLICT", details: { state, allowed } });
      await expect(album.servers.start("web-1")).rejects.toMatchObject(conflict("active", "stopped"));
      const both = await Promise.allSettled([album.servers.stop("web-1"), album.servers.reboot("web-1")]);
      const [refused] = both.filter((one) => one.status === "rejected");
      expect(refused?.reason).toMatchObject({ code: "CONFLICT", details: { state: "active" }, retryable: true });
      for (const one of both) if (one.status === "fulfilled") await one.value.result();
      const { state } = await album.servers.get("web-1");
      if (state === "active") await (await album.servers.stop("web-1")).result();
      await expect(album.servers.stop("web-1")).rejects.toMatchObject(
        conflict("stopped", "active", "paused", "suspended"),
      );
      await expect(album.servers.reboot("web-1")).rejects.toMatchObject(conflict("stopped", "active"));
      await expect(album.servers.ready("web-1")).rejects.toMatchObject(conflict("stopped", "active", "building"));
      const remove = await album.servers.delete("web-1");
      await expect(album.servers.delete("web-1")).rejects.toMatchObject({ code: "CONFLICT", retryable: true });
      await remove.result();
    });

    it("that could not be created stays in error, claims nothing, and can be deleted", async () => {
      const hosts = fakeFleet({ hosts: 1 });
      await using world = holdFakeWorld(hosts);
      const cloud = await open({ hosts });
      const album = cloud.as(amy);
      cloud.faults.failNext("host-1", "start", { times: Infinity, code: "CONFLICT" });
      const create = await album.servers.create(web);
      await expect(create.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({
        state: "error",
        busy: false,
        operationId: create.id,
        fault: { code: "CONFLICT" },
        zone: null,
        addresses: [],
      });
      expect(await album.operations.get(create.id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect((await album.quotas.get()).map(({ used }) => used)).toEqual(Array(9).fill(0));
      expect(await world.read()).toMatchObject([{ guests: [], bindings: [], files: [] }]);
      await expect(album.servers.start("web-1")).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "error" },
      });
      await (await album.servers.delete("web-1")).result();
      expect(await all(album.servers.list())).toEqual([]);
    });

    it("becomes an image that others boot from", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      await created(album);
      const snapshot = await (await album.images.snapshot("web-1", { name: "kept" })).result();
      expect(snapshot).toMatchObject({ name: "kept", state: "active", visibility: "private" });
      const { total = 0, zero = 0, duplicate = 0, new: fresh = 0 } = snapshot.chunks ?? {};
      expect(total).toBe(zero + duplicate + fresh);
      expect(total).toBeGreaterThan(0);
      expect((await album.servers.get("web-1")).state).toBe("active");
      expect((await all(album.images.list({ server: "web-1" }))).map(({ id }) => id)).toEqual([snapshot.id]);
      await (await album.servers.delete("web-1")).result();
      expect(await all(album.images.list({ server: snapshot.serverId ?? "" }))).toHaveLength(1);
      expect(await created(album, { name: "again", image: "kept" })).toMatchObject({ imageId: snapshot.id });
    });

    it("whose name another has too is told apart by its id", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      const [first] = await Promise.all([created(album), created(album)]);
      const ambiguous = { code: "CONFLICT", details: { state: "ambiguous" } };
      await expect(album.servers.get("web-1")).rejects.toMatchObject(ambiguous);
      await expect(album.servers.delete("web-1")).rejects.toMatchObject(ambiguous);
      await expect(album.images.snapshot("web-1", { name: "kept" })).rejects.toMatchObject(ambiguous);
      expect((await album.servers.get(first.id)).id).toBe(first.id);
    });
  });

  describe("a list of servers", () => {
    it("comes in pages, filtered, or as a whole", async () => {
      const cloud = await open({ hosts: 2, zones: ["az-1", "az-2"] });
      const album = cloud.as(amy);
      await Promise.all(
        Array.from({ length: 7 }, (_, index) =>
          created(album, { name: `web-${index}`, zone: `az-${1 + (index % 2)}` }),
        ),
      );
      await (await album.servers.stop("web-0")).result();
      const whole = await all(album.servers.list());
      expect(whole.map(({ id }) => id)).toEqual(whole.map(({ id }) => id).toSorted());
      expect(await all(album.servers.list({ limit: 2 }))).toEqual(whole);
      const first = await album.servers.list({ limit: 5 }).page();
      expect(first.items).toEqual(whole.slice(0, 5));
      const second = await album.servers.list({ limit: 5, after: first.next }).page();
      expect(second).toEqual({ items: whole.slice(5), next: undefined });
      const names = async (where: Parameters<typeof album.servers.list>[0]) =>
        (await all(album.servers.list({ ...where, limit: 2 }))).map(({ name }) => name).toSorted();
      expect(await names({ state: "stopped" })).toEqual(["web-0"]);
      expect(await names({ zone: "az-2" })).toEqual(["web-1", "web-3", "web-5"]);
      expect(await names({ name: "web-4" })).toEqual(["web-4"]);
      expect(await names({ zone: "az-1", state: "active" })).toEqual(["web-2", "web-4", "web-6"]);
      expect(await names({ zone: "az-3" })).toEqual([]);
    });
  });
});
