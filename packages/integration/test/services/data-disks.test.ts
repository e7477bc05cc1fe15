import { open as openFile } from "node:fs/promises";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { claimed, created } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

/** Which disks each guest has in it, by host. */
const disksOf = async (world: FakeWorld) =>
  (await world.read()).flatMap(({ host, guests }) =>
    guests.map(({ spec, power, boots }) => ({
      host,
      power,
      boots,
      disks: spec.disks.map((disk) => (disk.kind === "data" ? disk.id : disk.kind)),
    })),
  );

const fileOf = async (world: FakeWorld, disk: string): Promise<string> =>
  (await world.read()).flatMap(({ files }) => files).find(({ path }) => path.includes(disk))?.path ?? "";

/** The disks are long and empty: only their beginnings are touched. */
async function write(world: FakeWorld, disk: string): Promise<void> {
  await using file = await openFile(await fileOf(world, disk), "r+");
  await file.write("mine", 0);
}

async function read(world: FakeWorld, disk: string): Promise<string> {
  await using file = await openFile(await fileOf(world, disk));
  return (await file.read({ length: 4, position: 0 })).buffer.toString("utf8", 0, 4);
}

overDatabases((open) => {
  async function setUp() {
    const fleet = fakeFleet({ hosts: 2 });
    const world = holdFakeWorld(fleet);
    const cloud = await open({ hosts: fleet, busFaults: {} });
    return { cloud, world, album: cloud.as(amy), ops: cloud.as(olga) };
  }

  describe("a data disk", () => {
    it("comes and goes while the server runs, with its claim", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      await created(album);
      const before = await claimed(cloud);
      const { dataDisks, ...server } = await (
        await album.servers.createDisk("web-1", { sizeGib: 5, name: "data" })
      ).result();
      expect(server).toMatchObject({ state: "active", busy: false });
      expect(dataDisks).toMatchObject([{ name: "data", sizeGib: 5 }]);
      const id = dataDisks[0]?.id ?? "";
      expect(await disksOf(world)).toMatchObject([{ power: "running", boots: 1, disks: ["system", id] }]);
      expect(await claimed(cloud)).toEqual({ ...before, diskGib: (before["diskGib"] ?? 0) + 5 });
      const quotas = await album.quotas.get();
      expect(quotas.find(({ quota }) => quota === "diskGib")?.used).toBe(15);
      const gone = await (await album.servers.deleteDisk("web-1", id)).result();
      expect(gone).toMatchObject({ state: "active", dataDisks: [] });
      expect(await disksOf(world)).toMatchObject([{ power: "running", boots: 1, disks: ["system"] }]);
      expect(await fileOf(world, id)).toBe("");
      expect(await claimed(cloud)).toEqual(before);
    });

    it("keeps what is on it through a resize, a move, a rebuild, a rescue and a deletion that is taken back", async () => {
      const { album, ops, world } = await setUp();
      await using _world = world;
      const server = await created(album);
      await (await album.servers.stop("web-1")).result();
      const { dataDisks } = await (await album.servers.createDisk("web-1", { sizeGib: 1, name: "data" })).result();
      const id = dataDisks[0]?.id ?? "";
      await write(world, id);
      const kept = () => read(world, id);

      await (await album.servers.resize("web-1", { flavor: "c2.e4" })).result();
      await (await album.servers.confirmResize("web-1")).result();
      expect(await kept()).toBe("mine");
      const [before] = await disksOf(world);
      await (await ops.servers.migrate(server.id)).result();
      const [after, ...others] = await disksOf(world);
      expect(others).toEqual([]);
      expect(after).toMatchObject({ disks: ["system", id] });
      expect(after?.host).not.toBe(before?.host);
      expect(await kept()).toBe("mine");
      const image = await (await album.images.snapshot("web-1", { name: "other" })).result();
      await expect(album.servers.rebuild("web-1", { image: "debian-12" })).rejects.toMatchObject({ code: "CONFLICT" });
      await (await album.servers.rebuild("web-1", { image: image.name })).result();
      expect(await kept()).toBe("mine");
      await (await album.servers.rescue("web-1", { image: "debian-12" })).result();
      await (await album.servers.unrescue("web-1")).result();
      await (await album.servers.delete("web-1", { restoreMs: 60_000 })).result();
      const restored = await (await album.servers.restore("web-1")).result();
      expect(restored).toMatchObject({ state: "stopped", dataDisks: [{ id, name: "data", sizeGib: 1 }] });
      expect(await kept()).toBe("mine");
      await (await album.servers.delete("web-1", { restoreMs: 0 })).result();
      expect(await fileOf(world, id)).toBe("");
    });

    it("is taken back whole when it cannot be had, and stays when it cannot go", async () => {
      const { album, cloud, world } = await setUp();
      await using _world = world;
      await created(album);
      const before = await claimed(cloud);
      const failNext = () => {
        for (const host of ["host-1", "host-2"]) cloud.faults.failNext(host, "change", { code: "UNSUPPORTED" });
      };
      failNext();
      const create = await album.servers.createDisk("web-1", { sizeGib: 5 });
      await expect(create.result()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      cloud.faults.clear();
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false, dataDisks: [] });
      expect(await claimed(cloud)).toEqual(before);

      const { dataDisks } = await (await album.servers.createDisk("web-1", { sizeGib: 5 })).result();
      const id = dataDisks[0]?.id ?? "";
      await write(world, id);
      failNext();
      await expect((await album.servers.deleteDisk("web-1", id)).result()).rejects.toMatchObject({
        code: "UNSUPPORTED",
      });
      cloud.faults.clear();
      expect(await album.servers.get("web-1")).toMatchObject({ busy: false, dataDisks: [{ id }] });
      expect(await disksOf(world)).toMatchObject([{ disks: ["system", id] }]);
      expect(await read(world, id)).toBe("mine");
    });

    it("is refused beyond the quota, the host's room and the server's 16, and under a name that is taken", async () => {
      const { album, cloud, ops } = await setUp();
      await created(album);
      const create = async (sizeGib: number, name?: string) =>
        album.servers.createDisk("web-1", { sizeGib, ...(name === undefined ? {} : { name }) });
      await ops.quotas.set("album", { diskGib: 12 });
      await expect(create(3)).rejects.toMatchObject({
        code: "QUOTA_EXCEEDED",
        details: { exceeded: [{ quota: "diskGib", need: 3, used: 10, limit: 12 }] },
      });
      await ops.quotas.set("album", { diskGib: -1 });
      await expect(create(60_000)).rejects.toMatchObject({ code: "EXHAUSTED" });
      expect(await claimed(cloud)).toMatchObject({ diskGib: 10 });
      await (await create(1, "data")).result();
      await expect(create(1, "data")).rejects.toMatchObject({ code: "CONFLICT", details: { state: "exists" } });
      for (let count = 1; count < 16; count += 1) await (await create(1)).result();
      await expect(create(1)).rejects.toMatchObject({
        code: "EXHAUSTED",
        details: { resource: "data disks of a server" },
      });
      await expect(album.servers.deleteDisk("web-1", "none")).rejects.toMatchObject({
        code: "NOT_FOUND",
        details: { resource: "data disk", id: "none" },
      });
      const again = { sizeGib: 1, idempotencyKey: "once" };
      await (await album.servers.deleteDisk("web-1", "data")).result();
      const [one, other] = [
        await album.servers.createDisk("web-1", again),
        await album.servers.createDisk("web-1", again),
      ];
      expect(other.id).toBe(one.id);
      expect((await other.result()).dataDisks).toHaveLength(16);
      expect(await claimed(cloud)).toMatchObject({ diskGib: 26 });
    });
  });
});
