import { access, open as openFile } from "node:fs/promises";
import type { ActorCloud, CloudEvent, Server } from "@cloudhost/core";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeStranger, FakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, nothingClaimed } from "./web-server.ts";

/** A guest of others on the first host, and all that its adoption is looked at with. */
interface Fixture {
  readonly cloud: TestCloud;
  readonly album: ActorCloud;
  readonly ops: ActorCloud;
  readonly world: FakeWorld;
  readonly events: readonly CloudEvent[];
  /** Where its disk is. */
  readonly disk: string;
  readonly adopt: (more?: Partial<Parameters<ActorCloud["servers"]["adopt"]>[0]>) => Promise<Server>;
  /** Strangers on all hosts, as the hosts themselves have them. */
  readonly strangers: () => Promise<unknown>;
}

/** The first six bytes of a file. */
async function beginningOf(path: string): Promise<string> {
  await using file = await openFile(path, "r");
  return (await file.read(Buffer.alloc(6), 0, 6, 0)).buffer.toString();
}

overDatabases((open) => {
  async function fixture(stranger: Partial<FakeStranger> = {}): Promise<Fixture> {
    const hosts = fakeFleet({ hosts: 1 });
    const world = holdFakeWorld(hosts);
    const cloud = await open({ hosts, busFaults: {} });
    const [album, ops] = [cloud.as(amy), cloud.as(olga)];
    const events: CloudEvent[] = [];
    ops.events().subscribe((event) => events.push(event));
    const { disks } = await world.addStranger("host-1", { name: "by-hand", text: "theirs", ...stranger });
    const adopt: Fixture["adopt"] = async (more) => {
      const asked = { host: "host-1", guest: "by-hand", project: "album", name: "old-1", flavor: "c1.e1" };
      return (await ops.servers.adopt({ ...asked, ...more })).result();
    };
    const strangers = async () => (await world.read()).flatMap((host) => host.strangers);
    return { cloud, album, ops, world, events, disk: disks[0]?.source ?? "", adopt, strangers };
  }

  describe("a guest that came past us", () => {
    it("is told of once, listed with what it has, and left alone", async () => {
      const { cloud, ops, events, strangers } = await fixture({ macs: ["52:54:00:00:00:01"], vcpus: 2 });
      const before = await strangers();
      await cloud.clock.advance({ minutes: 2 });
      const definition = { vcpus: 2, memoryMib: 512, nics: [{ mac: "52:54:00:00:00:01" }], disks: [{ sizeGib: 1 }] };
      const listed = { id: "by-hand", host: "host-1", name: "by-hand", power: "running", definition, obstacles: [] };
      expect(await all(ops.hosts.unknownGuests({ host: "host-1" }))).toMatchObject([listed]);
      const told = () => events.filter(({ kind }) => kind === "host.guest.unknown").map(({ data }) => data);
      const data = { host: "host-1", guestId: "by-hand", name: "by-hand", power: "running" };
      await expect.poll(told).toEqual([data]);
      expect(await strangers()).toEqual(before);
      await expect(ops.hosts.unknownGuests({ host: "host-9" }).page()).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("becomes a server as it is, claims what its flavor says, and goes through its life like any other", async () => {
      const { cloud, album, ops, disk, adopt, strangers, world } = await fixture({ memoryMib: 256 });
      const server = await adopt();
      expect(server).toMatchObject({ name: "old-1", state: "active", imageId: null, flavor: "c1.e1", addresses: [] });
      expect(await album.servers.get("old-1")).toMatchObject({ id: server.id, host: null, busy: false });
      expect(await claimed(cloud)).toMatchObject({ servers: 1, vcpus: 1, milliEcu: 1000 });
      expect(await strangers()).toEqual([]);
      await cloud.clock.advance({ minutes: 1 });
      expect(await all(ops.hosts.unknownGuests())).toEqual([]);
      expect(await ops.hosts.auditUsage()).toEqual([]);

      for (const action of ["stop", "start", "pause", "unpause"] as const)
        await (await album.servers[action](server.id)).result();
      await (await album.images.snapshot(server.id, { name: "kept" })).result();
      await (await album.servers.delete(server.id, { restoreMs: 60_000 })).result();
      await (await album.servers.restore(server.id)).result();
      expect(await album.servers.get(server.id)).toMatchObject({ state: "active", fault: null });
      expect(await beginningOf(disk)).toBe("theirs");

      for (const refused of [
        () => album.servers.rescue(server.id),
        () => album.servers.resize(server.id, { flavor: "c2.e4" }),
        () => ops.servers.migrate(server.id),
        () => album.servers.createDisk(server.id, { sizeGib: 1 }),
      ])
        await expect(refused()).rejects.toMatchObject({ code: "UNSUPPORTED" });

      await (await album.servers.delete(server.id)).result();
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      await expect(access(disk)).rejects.toMatchObject({ code: "ENOENT" });
      const [host] = await world.read();
      expect(host).toMatchObject({ guests: [], strangers: [], files: [] });
    });

    it("is a server like any other once it is rebuilt from an image", async () => {
      const { cloud, album, adopt, disk } = await fixture({ power: "stopped" });
      const server = await adopt({ joinNetwork: true });
      expect(server).toMatchObject({ state: "stopped" });
      expect(server.addresses).toHaveLength(1);
      await (await album.servers.start(server.id)).result();
      await (await album.servers.rebuild(server.id, { image: "debian-12" })).result();
      const [image] = await all(album.images.list());
      expect(await album.servers.get(server.id)).toMatchObject({ state: "active", imageId: image?.id });
      await expect(access(disk)).rejects.toMatchObject({ code: "ENOENT" });
      await album.servers.ready(server.id);
      await (await album.servers.resize(server.id, { flavor: "c2.e4" })).result();
      expect(await claimed(cloud)).toMatchObject({ servers: 1 });
    });

    it("is given back as it was when it cannot be had", async () => {
      const { cloud, album, ops, adopt, strangers } = await fixture({ vcpus: 2 });
      const before = await strangers();
      const refused = async (more: Parameters<typeof adopt>[0], error: object): Promise<void> => {
        await expect(adopt(more)).rejects.toMatchObject(error);
        expect(await strangers()).toEqual(before);
        expect(await claimed(cloud)).toEqual(nothingClaimed);
      };
      const issues = [{ path: "flavor", message: "the guest has 2 vCPUs, the flavor 1" }];
      await refused({}, { code: "INVALID_ARGUMENT", details: { issues } });
      await refused({ guest: "nobody", flavor: "c2.e4" }, { code: "NOT_FOUND", details: { resource: "guest" } });
      await refused({ flavor: "c2.e4", joinNetwork: true }, { code: "CONFLICT" });
      await refused({ flavor: "c9.e9" }, { code: "NOT_FOUND", details: { resource: "flavor" } });
      await refused({ host: "host-9" }, { code: "NOT_FOUND", details: { resource: "host" } });
      await refused({ project: "nobody" }, { code: "NOT_FOUND", details: { resource: "project" } });
      await ops.quotas.set("album", { vcpus: 1 });
      await refused({ flavor: "c2.e4" }, { code: "QUOTA_EXCEEDED" });
      await ops.quotas.set("album", { vcpus: -1, milliEcu: -1, memoryMib: -1, diskGib: -1 });
      const large = { vcpus: 2, milliEcuPerVcpu: 4000, memoryMib: 512, systemDiskGib: 1 };
      await ops.flavors.create({ ...large, name: "too-large", memoryMib: 1_000_000 });
      await refused({ flavor: "too-large" }, { code: "NO_VALID_HOST" });
      cloud.faults.failNext("host-1", "adopt", { code: "CONFLICT" });
      await refused({ flavor: "c2.e4" }, { code: "CONFLICT" });
      for await (const { id, state } of album.servers.list()) {
        expect(state).toBe("error");
        await (await album.servers.delete(id)).result();
      }
      expect(await strangers()).toEqual(before);
      expect(await adopt({ flavor: "c2.e4" })).toMatchObject({ state: "active" });
    });

    it("is refused with its obstacles, which are listed beforehand", async () => {
      const obstacles = [{ reason: "device-passthrough" as const, detail: "a PCI device of the host" }];
      const { cloud, ops, adopt } = await fixture({ obstacles });
      await cloud.clock.advance({ minutes: 1 });
      expect(await all(ops.hosts.unknownGuests({ host: "host-1" }))).toMatchObject([{ obstacles }]);
      await expect(adopt()).rejects.toMatchObject({
        code: "UNSUPPORTED",
        details: { feature: "adopting by-hand: device-passthrough, a PCI device of the host" },
      });
    });
  });
});
