import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { claimed, created, nothingClaimed } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

/** Another size with the same disk as `c1.e1`, so that nothing but vCPUs and memory differs. */
const larger = { name: "c2.e2", vcpus: 2, milliEcuPerVcpu: 1000, memoryMib: 2048, systemDiskGib: 10 };
/** Room for one of these on a host, and no other beside it. */
const half = { name: "half", vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 40_000, systemDiskGib: 10 };

async function guestsOf(world: FakeWorld) {
  return (await world.read()).flatMap(({ host, guests }) =>
    guests.map(({ spec, power, boots, keepIds }) => ({ host, id: spec.id, vcpus: spec.vcpus, power, boots, keepIds })),
  );
}

const quotaOf = async (cloud: TestCloud) =>
  Object.fromEntries((await cloud.as(amy).quotas.get()).map(({ quota, used }) => [quota, used]));

const addressOf = ({ addresses }: { readonly addresses: readonly { readonly address: string }[] }) =>
  addresses.map(({ address }) => address);

overDatabases((open) => {
  async function setUp(hosts = 2) {
    const fleet = fakeFleet({ hosts, cpuModels: [{ model: "Intel(R) Xeon(R) CPU E5-2650 0", cores: 16 }] });
    const world = holdFakeWorld(fleet);
    const cloud = await open({ hosts: fleet, busFaults: {} });
    const [album, ops] = [cloud.as(amy), cloud.as(olga)];
    for (const flavor of [larger, half]) await ops.flavors.create(flavor);
    await ops.quotas.set("album", { memoryMib: -1 });
    return { cloud, world, album, ops };
  }

  describe("a resize", () => {
    it("is live where the host has room, and is done then", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      const server = await created(album, { externalKbit: 5000 });
      const resized = await (await album.servers.resize("web-1", { flavor: "c2.e2" })).result();
      expect(resized).toMatchObject({ state: "active", flavor: "c2.e2", vcpus: 2, memoryMib: 2048, busy: false });
      expect(resized.internal.rateKbit).toBe(2 * server.internal.rateKbit);
      expect(resized.external).toEqual(server.external);
      expect(await guestsOf(world)).toMatchObject([
        { id: server.id, vcpus: 2, power: "running", boots: 1, keepIds: [] },
      ]);
      const [{ bindings } = { bindings: [] }] = (await world.read()).filter((host) => host.bindings.length > 0);
      expect(bindings[0]?.internal.rateKbit).toBe(resized.internal.rateKbit);
      expect(await claimed(cloud)).toMatchObject({ servers: 1, vcpus: 2, milliEcu: 2000, diskGib: 10 });
      expect(await quotaOf(cloud)).toMatchObject({ vcpus: 2, milliEcu: 2000, memoryMib: 2048, externalKbit: 5000 });

      // What a running guest has is not taken away: it is stopped for that.
      const smaller = await (await album.servers.resize("web-1", { flavor: "c1.e1" })).result();
      expect(smaller).toMatchObject({ state: "resized", flavor: "c1.e1" });
      expect(await claimed(cloud)).toMatchObject({ servers: 1, vcpus: 2, milliEcu: 2000 });
      await (await album.servers.confirmResize("web-1")).result();
      expect(await claimed(cloud)).toMatchObject({ servers: 1, vcpus: 1, milliEcu: 1000 });
      expect(await quotaOf(cloud)).toMatchObject({ vcpus: 1, milliEcu: 1000, memoryMib: 1024 });
    });

    it("that needs a restart holds both sizes until it is confirmed", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      await created(album);
      expect(await (await album.servers.resize("web-1", { flavor: "c2.e4" })).result()).toMatchObject({
        state: "resized",
        flavor: "c2.e4",
        systemDiskGib: 20,
      });
      expect(await guestsOf(world)).toMatchObject([{ vcpus: 2, power: "running", keepIds: [expect.any(String)] }]);
      expect(await claimed(cloud)).toMatchObject({ servers: 1, vcpus: 2, milliEcu: 4000, diskGib: 20 });
      await expect(album.servers.stop("web-1")).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "resized" },
      });
      const confirmed = await (await album.servers.confirmResize("web-1")).result();
      expect(confirmed).toMatchObject({ state: "active", flavor: "c2.e4" });
      expect(await guestsOf(world)).toMatchObject([{ vcpus: 2, power: "running", keepIds: [] }]);
      await expect(album.servers.confirmResize("web-1")).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await quotaOf(cloud)).toMatchObject({ vcpus: 2, diskGib: 20 });
    });

    it("is taken back with its disks, size and claim", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      const [before, quotas] = [await claimed(cloud), await quotaOf(cloud)];
      await (await album.servers.stop("web-1", { graceMs: 0 })).result();
      await (await album.servers.resize("web-1", { flavor: "c2.e4" })).result();
      const back = await (await album.servers.revertResize("web-1")).result();
      expect(back).toMatchObject({ state: "stopped", flavor: "c1.e1", vcpus: 1, systemDiskGib: 10 });
      expect(back.internal).toEqual(server.internal);
      expect(await guestsOf(world)).toMatchObject([{ vcpus: 1, power: "stopped", keepIds: [] }]);
      expect(await claimed(cloud)).toEqual(before);
      expect(await quotaOf(cloud)).toEqual(quotas);
      expect((await (await album.servers.start("web-1")).result()).state).toBe("active");
    });

    it("goes to another host when its own has no room, and back again or not", async () => {
      const { album, cloud, ops, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      const home = (await ops.servers.get(server.id)).host;
      await created(album, { name: "neighbour", flavor: "half" });
      expect((await ops.servers.get("neighbour")).host).toBe(home);
      const before = await claimed(cloud);
      const bothHalves = 2 * (40_000 + 64 + 8 + 157);
      for (const confirmed of [false, true]) {
        const moved = await (await album.servers.resize("web-1", { flavor: "half" })).result();
        expect(moved).toMatchObject({ state: "resized", flavor: "half", id: server.id });
        expect(addressOf(moved)).toEqual(addressOf(server));
        expect((await ops.servers.get(server.id)).host).not.toBe(home);
        const mine = (await guestsOf(world)).filter(({ id }) => id === server.id);
        expect(Object.fromEntries(mine.map(({ host, power }) => [host === home ? "home" : "away", power]))).toEqual({
          home: "stopped",
          away: "running",
        });
        // Both hosts hold it; the quotas hold the larger size.
        expect(await claimed(cloud)).toMatchObject({ milliEcu: 3000, diskGib: 30 });
        expect(await quotaOf(cloud)).toMatchObject({ servers: 2, milliEcu: 2000, memoryMib: 80_000 });
        const settle = confirmed ? album.servers.confirmResize("web-1") : album.servers.revertResize("web-1");
        const settled = await (await settle).result();
        expect(settled).toMatchObject({ state: "active", flavor: confirmed ? "half" : "c1.e1" });
        expect(addressOf(settled)).toEqual(addressOf(server));
        expect((await ops.servers.get(server.id)).host === home).toBe(!confirmed);
        expect((await guestsOf(world)).filter(({ id }) => id === server.id)).toMatchObject([{ power: "running" }]);
        expect(await claimed(cloud)).toMatchObject({
          servers: 2,
          milliEcu: 2000,
          memoryMib: confirmed ? bothHalves : before["memoryMib"],
        });
      }
      expect(await claimed(cloud)).toMatchObject({ servers: 2, milliEcu: 2000, diskGib: 20 });
      for (const { host, bindings } of await world.read()) {
        const there = bindings.filter(({ serverId }) => serverId === server.id);
        expect(there.length).toBe(host === home ? 0 : 1);
      }
    });

    it("that waits is deleted on both hosts", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      await created(album, { name: "neighbour", flavor: "half" });
      await (await album.servers.resize("web-1", { flavor: "half" })).result();
      expect((await guestsOf(world)).filter(({ id }) => id === server.id)).toHaveLength(2);
      await (await album.servers.delete("web-1")).result();
      expect((await guestsOf(world)).filter(({ id }) => id === server.id)).toEqual([]);
      await (await album.servers.delete("neighbour")).result();
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(new Set(Object.values(await quotaOf(cloud)))).toEqual(new Set([0]));
    });

    it("is refused where a quota or every host lacks room, and then nothing has changed", async () => {
      const { album, cloud, ops, world } = await setUp();
      await using _world = world;
      await created(album);
      const before = await claimed(cloud);
      await ops.quotas.set("album", { vcpus: 1 });
      await expect(album.servers.resize("web-1", { flavor: "c2.e2" })).rejects.toMatchObject({
        code: "QUOTA_EXCEEDED",
      });
      await ops.quotas.set("album", { vcpus: -1 });
      await ops.flavors.create({ ...larger, name: "huge", memoryMib: 1_000_000 });
      const huge = await album.servers.resize("web-1", { flavor: "huge" });
      await expect(huge.result()).rejects.toMatchObject({ code: "NO_VALID_HOST" });
      await ops.flavors.create({ ...larger, name: "tiny", systemDiskGib: 5 });
      await expect(album.servers.resize("web-1", { flavor: "tiny" })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false, flavor: "c1.e1" });
      expect(await claimed(cloud)).toEqual(before);
    });

    it("never leaves a server on a host whose cores or aggregates are not what its flavor needs", async () => {
      const slow = { model: "AMD Opteron(TM) Processor 6276", cores: 32 };
      const fast = { model: "Intel(R) Xeon(R) CPU E5-2650 0", cores: 16 };
      const fleet = fakeFleet({ hosts: 2, cpuModels: [slow, fast] });
      const cloud = await open({ hosts: fleet, busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      await ops.hosts.disable("host-2");
      const server = await created(album);
      await ops.hosts.enable("host-2");
      await ops.flavors.create({ ...larger, name: "fast", vcpus: 1, milliEcuPerVcpu: 4000 });
      await ops.flavors.create({ ...larger, name: "ssd", requires: { ssd: "true" } });
      await expect((await album.servers.resize("web-1", { flavor: "ssd" })).result()).rejects.toMatchObject({
        code: "NO_VALID_HOST",
      });
      expect((await ops.servers.get(server.id)).host).toBe("host-1");
      await (await album.servers.resize("web-1", { flavor: "fast" })).result();
      expect((await ops.servers.get(server.id)).host).toBe("host-2");
    });

    it("that fails on its way is taken back whole", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      const before = await claimed(cloud);
      for (const method of ["keepDisks", "define", "start"] as const) {
        for (const host of ["host-1", "host-2"]) cloud.faults.failNext(host, method, { code: "CONFLICT", times: 1 });
        const resize = await album.servers.resize("web-1", { flavor: "c2.e4" });
        await expect(resize.result()).rejects.toMatchObject({ code: "CONFLICT" });
        expect(await album.servers.get("web-1")).toMatchObject({ state: "active", flavor: "c1.e1", busy: false });
        expect(await guestsOf(world)).toMatchObject([{ id: server.id, vcpus: 1, power: "running", keepIds: [] }]);
        expect(await claimed(cloud)).toEqual(before);
        for (const host of ["host-1", "host-2"]) cloud.faults.clear(host);
      }
    });

    it("asked for twice with one key is one", async () => {
      const { album, world } = await setUp();
      await using _world = world;
      await created(album);
      const asked = { flavor: "c2.e4", idempotencyKey: "grow" };
      const [one, other] = [await album.servers.resize("web-1", asked), await album.servers.resize("web-1", asked)];
      expect(other.id).toBe(one.id);
      await one.result();
      expect((await album.servers.resize("web-1", asked)).id).toBe(one.id);
    });
  });

  describe("a migration", () => {
    it("carries what the server wrote, and its addresses, and leaves nothing behind", async () => {
      const { album, cloud, ops, world } = await setUp(3);
      await using _world = world;
      const server = await created(album);
      await cloud.clock.advance({ minutes: 10 });
      const before = await ops.servers.get(server.id);
      const [target] = (await world.read()).map(({ host }) => host).filter((host) => host !== before.host);
      const moved = await (await ops.servers.migrate(server.id, { host: target ?? "" })).result();
      expect(moved).toMatchObject({ state: "active", host: target, id: server.id });
      expect(addressOf(moved)).toEqual(addressOf(server));
      expect(await guestsOf(world)).toMatchObject([{ host: target, id: server.id, power: "running" }]);
      const views = await world.read();
      expect(views.filter(({ files }) => files.length > 0).map(({ host }) => host)).toEqual([target]);
      expect(views.filter(({ bindings }) => bindings.length > 0).map(({ host }) => host)).toEqual([target]);
      expect(await claimed(cloud)).toMatchObject({ servers: 1, milliEcu: 1000, diskGib: 10 });
      expect(await quotaOf(cloud)).toMatchObject({ servers: 1, milliEcu: 1000 });
    });

    it("of a stopped server leaves it stopped; to its own host, or to none that fits, it is refused", async () => {
      const { album, ops, world } = await setUp();
      await using _world = world;
      await created(album);
      await (await album.servers.stop("web-1")).result();
      const { host, id } = await ops.servers.get((await album.servers.get("web-1")).id);
      await expect((await ops.servers.migrate(id, { host: host ?? "" })).result()).rejects.toMatchObject({
        code: "NO_VALID_HOST",
      });
      expect(await (await ops.servers.migrate(id)).result()).toMatchObject({ state: "stopped" });
      expect((await ops.servers.get(id)).host).not.toBe(host);
      await expect(ops.servers.migrate(id, { host: "host-9" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("that fails on its way leaves the server where it was", async () => {
      const { album, cloud, ops, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      const { host } = await ops.servers.get(server.id);
      for (const method of ["layers", "putLayer", "start"] as const) {
        for (const name of ["host-1", "host-2"]) cloud.faults.failNext(name, method, { code: "CONFLICT", times: 1 });
        await expect((await ops.servers.migrate(server.id)).result()).rejects.toMatchObject({ code: "CONFLICT" });
        expect(await ops.servers.get(server.id)).toMatchObject({ state: "active", host, busy: false });
        expect(await guestsOf(world)).toMatchObject([{ host, id: server.id, power: "running" }]);
        expect(await claimed(cloud)).toMatchObject({ servers: 1, milliEcu: 1000, diskGib: 10 });
        for (const name of ["host-1", "host-2"]) cloud.faults.clear(name);
      }
    });
  });
});
