import type { ImageStore, ImageStoreConfig } from "@cloudhost/core";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, created, nothingClaimed } from "./web-server.ts";

const small = { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 1 };
/** One with every kind of disk; one of which a host takes one beside a small one, and no second. */
const flavors = [
  { ...small, name: "disks", ephemeralDiskGib: 1 },
  { ...small, name: "half", memoryMib: 40_000 },
];

const quotasOf = async (cloud: TestCloud) =>
  Object.fromEntries((await cloud.as(amy).quotas.get()).map(({ quota, used }) => [quota, used]));

overDatabases((open) => {
  async function setUp(hosts = 2, zones = ["az-1"]) {
    const fleet = fakeFleet({ hosts, zones });
    const world = holdFakeWorld(fleet);
    let store: ImageStore | undefined;
    const images: ImageStoreConfig = {
      open: async (context) => (store = await imageStore({ backend: memoryBackend(context.clock) }).open(context)),
    };
    const cloud = await open({ hosts: fleet, busFaults: {}, flavors, images, projects: ["mail"] });
    const [album, ops] = [cloud.as(amy), cloud.as(olga)];
    const names = fleet.map(({ name }) => name);
    return {
      cloud,
      album,
      ops,
      world,
      /** How many images the store has besides the one that all servers are made of. */
      stored: async () => (store === undefined ? -1 : (await all(store.list())).length - 1),
      /** What is on the hosts of servers. */
      left: async () =>
        (await world.read()).flatMap(({ guests, bindings, files }) => [
          ...guests.map(({ power }) => power),
          ...bindings.map(({ id }) => id),
          ...files.map(({ path }) => path),
        ]),
      failNext: (method: Parameters<typeof cloud.faults.failNext>[1], times = 1) => {
        for (const name of names) cloud.faults.failNext(name, method, { code: "CONFLICT", times });
      },
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  }

  describe("a server that is shelved", () => {
    it("gives its place back, and keeps its disks, addresses, tags and group", async () => {
      await using test = await setUp();
      const { cloud, album, ops, world } = test;
      const group = await album.serverGroups.create({ name: "db", policy: "anti-affinity" });
      const asked = { flavor: "disks", externalKbit: 5000, tags: { role: "web" }, group: "db" };
      const { id } = await created(album, asked);
      await (await album.servers.stop("web-1")).result();
      await (await album.servers.createDisk("web-1", { sizeGib: 1, name: "data" })).result();
      await (await album.servers.attachInterface("web-1")).result();
      const before = await ops.servers.get(id);
      const disks = ["system", "ephemeral", before.dataDisks[0]?.id ?? ""];
      for (const disk of disks) await world.writeDisk(before.host ?? "", id, disk, `on ${disk}`);
      await (await album.servers.start("web-1")).result();
      const [used, quotas, running] = [await claimed(cloud), await quotasOf(cloud), await ops.servers.get(id)];

      const shelved = await (await album.servers.shelve("web-1", { graceMs: 1000 })).result();
      const { addresses, dataDisks, external, flavor, tags } = running;
      const kept = { id, addresses, dataDisks, external, flavor, tags, group: "db", name: "web-1" };
      expect(shelved).toMatchObject({ ...kept, state: "shelved", zone: null, busy: false, fault: null });
      expect(shelved.guest.state).toBe("unknown");
      expect(await test.left()).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(await quotasOf(cloud)).toMatchObject({ servers: 1, vcpus: 0, milliEcu: 0, memoryMib: 0, diskGib: 0 });
      expect(await ops.hosts.auditUsage()).toEqual([]);
      expect((await album.serverGroups.get("db")).serverIds).toEqual([id]);
      // Its disks are stored, and are nobody's images.
      expect(await test.stored()).toBe(disks.length);
      expect((await all(ops.images.list())).map(({ name }) => name)).toEqual(["debian-12"]);
      await expect(album.servers.ready("web-1")).rejects.toMatchObject({ code: "CONFLICT" });
      // The host that it was on may go.
      await ops.hosts.disable(before.host ?? "");
      await ops.hosts.delete(before.host ?? "");
      // Nobody gets its addresses meanwhile.
      const other = await created(album, { name: "other" });
      expect(addresses.map(({ address }) => address)).not.toContain(other.addresses[0]?.address);
      await (await album.servers.delete("other")).result();

      const back = await (await album.servers.unshelve("web-1")).result();
      expect(back).toMatchObject({ ...kept, state: "active", busy: false, zone: running.zone });
      const { host } = await ops.servers.get(id);
      expect(host).not.toBe(before.host);
      const views = await world.disks(host ?? "", id);
      expect(disks.map((disk) => views.get(disk)?.text)).toEqual(disks.map((disk) => `on ${disk}`));
      expect((await world.read()).flatMap(({ bindings }) => bindings)).toHaveLength(2);
      expect([await claimed(cloud), await quotasOf(cloud)]).toEqual([used, quotas]);
      expect(await test.stored()).toBe(0);
      expect(await ops.hosts.auditUsage()).toEqual([]);
      expect((await album.serverGroups.get(group.id)).serverIds).toEqual([id]);
    });

    it("stays so where no host has room, its quota is used up, or a host fails", async () => {
      await using test = await setUp(1);
      const { cloud, album, ops } = test;
      await ops.quotas.set("album", { memoryMib: -1 });
      const { id } = await created(album, { flavor: "half" });
      await (await album.servers.shelve("web-1")).result();
      const shelved = await album.servers.get(id);
      const refused = async (code: string): Promise<void> => {
        await expect((await album.servers.unshelve("web-1")).result()).rejects.toMatchObject({ code });
        const { operationId: _, ...now } = await album.servers.get(id);
        const { operationId: __, ...before } = shelved;
        expect(now).toEqual(before);
      };
      await created(album, { name: "web-2", flavor: "half" });
      await refused("NO_VALID_HOST");
      await (await album.servers.delete("web-2")).result();
      await ops.quotas.set("album", { vcpus: 0 });
      await refused("QUOTA_EXCEEDED");
      await ops.quotas.set("album", { vcpus: -1, servers: 1 });
      for (const method of ["define", "putLayer", "start"] as const) {
        test.failNext(method);
        await refused("CONFLICT");
        expect(await test.left()).toEqual([]);
        expect(await claimed(cloud)).toEqual(nothingClaimed);
        expect(await quotasOf(cloud)).toMatchObject({ servers: 1, vcpus: 0, memoryMib: 0 });
        expect(await test.stored()).toBe(1);
      }
      // It counts as a server already: a quota that is used up by it does not stand in its way.
      expect((await (await album.servers.unshelve("web-1")).result()).state).toBe("active");
      expect(await ops.hosts.auditUsage()).toEqual([]);
    });

    it("is deleted, for a while or for good, with what was stored", async () => {
      await using test = await setUp(1);
      const { cloud, album, ops } = test;
      await created(album);
      await (await album.servers.shelve("web-1")).result();
      const shelved = await album.servers.get("web-1");
      await album.servers.update("web-1", { name: "renamed", tags: { role: "old" } });
      await album.servers.lock("renamed");
      await expect(album.servers.unshelve("renamed")).rejects.toMatchObject({ code: "CONFLICT" });
      await album.servers.unlock("renamed");
      await (await album.servers.delete("renamed", { restoreMs: 60_000 })).result();
      expect(await ops.hosts.auditUsage()).toEqual([]);
      expect(await quotasOf(cloud)).toMatchObject({ servers: 1, vcpus: 0 });
      const restored = await (await album.servers.restore("renamed")).result();
      expect(restored).toMatchObject({ state: "shelved", addresses: shelved.addresses, tags: { role: "old" } });
      await (await album.servers.delete("renamed", { restoreMs: 60_000 })).result();
      await (await album.servers.delete("renamed")).result();
      expect(new Set(Object.values(await quotasOf(cloud)))).toEqual(new Set([0]));
      expect(await test.stored()).toBe(0);
      expect(await ops.hosts.auditUsage()).toEqual([]);
      // Its address is free again.
      expect((await created(album)).addresses.map(({ address }) => address)).toEqual(
        shelved.addresses.map(({ address }) => address),
      );
    });

    it("keeps the image that it was made of, and goes with its project", async () => {
      await using test = await setUp(2, ["az-1", "az-2"]);
      const { cloud, album, ops } = test;
      const mail = cloud.as({ ...olga, projectId: "mail" });
      const image = await (
        await mail.images.import({ name: "public", path: import.meta.filename, visibility: "public" })
      ).result();
      await created(album, { image: "public", zone: "az-2" });
      await (await album.servers.stop("web-1")).result();
      await (await album.servers.shelve("web-1")).result();
      const refused = { code: "CONFLICT", details: { state: "needed by shelved servers" } };
      await expect(mail.images.delete(image.id)).rejects.toMatchObject(refused);
      const remove = await ops.projects.delete("mail", { everything: true });
      await expect(remove.result()).rejects.toMatchObject(refused);
      const back = await (await album.servers.unshelve("web-1")).result();
      expect(back).toMatchObject({ state: "stopped", zone: "az-2" });
      await (await ops.operations.retry(remove.id)).result();
      expect(await test.stored()).toBe(0);
      // From now on its host has the only copy.
      const shelve = await album.servers.shelve("web-1");
      await expect(shelve.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "stopped", busy: false });
      await created(album, { name: "web-2" });
      await (await album.servers.shelve("web-2")).result();
      await (await ops.projects.delete("album", { everything: true })).result();
      expect(await test.stored()).toBe(0);
      expect(await ops.hosts.auditUsage()).toEqual([]);
    });
  });

  describe("a shelving", () => {
    it("that fails leaves the server as it was", async () => {
      await using test = await setUp(1);
      const { cloud, album } = test;
      await created(album);
      const used = await claimed(cloud);
      for (const method of ["stop", "layers"] as const) {
        test.failNext(method);
        await expect((await album.servers.shelve("web-1")).result()).rejects.toMatchObject({ code: "CONFLICT" });
        expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false, fault: null });
        expect(await claimed(cloud)).toEqual(used);
        expect(await test.stored()).toBe(0);
      }
      const shelve = await album.servers.shelve("web-1", { idempotencyKey: "rest" });
      await shelve.result();
      expect((await album.servers.shelve("web-1", { idempotencyKey: "rest" })).id).toBe(shelve.id);
    });

    it("that is given up leaves a server in error, which is deleted with all of it", async () => {
      await using test = await setUp(1);
      const { cloud, album, ops } = test;
      await created(album);
      test.failNext("remove", Infinity);
      const shelve = await album.servers.shelve("web-1");
      await expect(shelve.result()).rejects.toMatchObject({ code: "CONFLICT" });
      cloud.faults.clear();
      await ops.operations.abandon(shelve.id, { reason: "its disk is broken" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "error", busy: false });
      expect((await claimed(cloud))["servers"]).toBe(1);
      expect(await ops.hosts.auditUsage()).toEqual([]);
      await (await album.servers.delete("web-1")).result();
      expect(await test.left()).toEqual([]);
      expect(await test.stored()).toBe(0);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(new Set(Object.values(await quotasOf(cloud)))).toEqual(new Set([0]));
    });
  });
});
