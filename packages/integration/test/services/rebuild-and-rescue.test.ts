import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ActorCloud } from "@cloudhost/core";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { amy } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { claimed, created, web } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";
import { withFolder } from "./with-folder.ts";

const final = { times: Infinity, code: "CONFLICT" } as const;

/** Stores an image of the project's own: so many MiB of the same byte. */
async function imported(
  album: ActorCloud,
  name: string,
  mib = 2,
  more: { minDiskGib?: number; minMemoryMib?: number } = {},
) {
  return withFolder(async (folder) => {
    const path = join(folder, "disk.raw");
    await writeFile(path, Buffer.alloc(mib << 20, name));
    return (await album.images.import({ name, path, ...more })).result();
  });
}

overDatabases((open) => {
  const opened = async () => {
    const hosts = fakeFleet({ hosts: 1 });
    const world = holdFakeWorld(hosts);
    const cloud = await open({ hosts });
    const album = cloud.as(amy);
    await cloud.as({ userId: "olga", roles: ["operator"] }).flavors.create({
      name: "with-disk",
      vcpus: 1,
      milliEcuPerVcpu: 500,
      memoryMib: 512,
      systemDiskGib: 2,
      ephemeralDiskGib: 3,
    });
    /** The only guest there is. */
    const guest = async () => (await world.read()).flatMap(({ guests }) => guests)[0];
    return { cloud, album, guest, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
  };

  describe("a rebuild", () => {
    it("gives a server another disk, and leaves it its id, addresses, flavor and claims", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      const other = await imported(album, "other");
      const before = await created(album, { flavor: "with-disk" });
      const used = await claimed(cloud);
      const after = await (await album.servers.rebuild("web-1", { image: "other" })).result();
      expect(after).toEqual({ ...before, imageId: other.id, operationId: after.operationId, guest: after.guest });
      expect(await claimed(cloud)).toEqual(used);
      const guest = await test.guest();
      expect(guest).toMatchObject({ power: "running", spec: { base: { digest: other.digest } } });
      expect(guest?.spec.disks.map(({ kind }) => kind)).toEqual(["system", "ephemeral"]);
    });

    it.each(["its own image", "another image"])("from %s begins with empty disks", async (which) => {
      await using test = await opened();
      const { cloud, album } = test;
      await imported(album, "another");
      await created(album, { flavor: "with-disk" });
      await cloud.clock.advance({ minutes: 10 });
      const worn = (await test.guest())?.spec;
      await (await album.servers.stop("web-1")).result();
      const image = which === "its own image" ? "debian-12" : "another";
      const rebuilt = await (await album.servers.rebuild("web-1", { image })).result();
      expect(rebuilt.state).toBe("stopped");
      expect((await test.guest())?.power).toBe("stopped");
      expect((await test.guest())?.spec.nics).toEqual(worn?.nics);
      await (await album.servers.start("web-1")).result();
      await album.servers.ready("web-1");
    });

    it("helps a server in error that still has its host", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      await created(album);
      cloud.faults.failNext("host-1", "remove", final);
      const remove = await album.servers.delete("web-1");
      await cloud.clock.advance({ minutes: 5 });
      const olga = cloud.as({ userId: "olga", roles: ["operator"] });
      await olga.operations.abandon(remove.id, { reason: "the host does not let go" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "error", busy: false });
      cloud.faults.clear();
      const rebuilt = await (await album.servers.rebuild("web-1", { image: "debian-12" })).result();
      expect(rebuilt).toMatchObject({ state: "active", fault: null });
      expect((await test.guest())?.power).toBe("running");
    });

    it("that fails later is tried again, and given up leaves the server in error", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      await imported(album, "other");
      await created(album);
      cloud.faults.failNext("host-1", "define", final);
      const rebuild = await album.servers.rebuild("web-1", { image: "other" });
      await cloud.clock.advance({ minutes: 5 });
      expect(await album.operations.get(rebuild.id)).toMatchObject({ state: "stuck", step: "old disks" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "building", busy: true });
      const olga = cloud.as({ userId: "olga", roles: ["operator"] });
      await olga.operations.abandon(rebuild.id, { reason: "another image then" });
      expect(await album.servers.get("web-1")).toMatchObject({
        state: "error",
        busy: false,
        fault: { code: "CONFLICT" },
      });
      cloud.faults.clear();
      expect((await (await album.servers.rebuild("web-1", { image: "other" })).result()).state).toBe("active");
    });

    it("is refused for an image that does not fit, or is not there", async () => {
      await using test = await opened();
      const { album } = test;
      await imported(album, "large", 2, { minDiskGib: 11 });
      await imported(album, "hungry", 2, { minMemoryMib: 4096 });
      await created(album);
      const refused = (image: string) => album.servers.rebuild("web-1", { image }).catch((error: unknown) => error);
      const issue = { details: { issues: [{ path: "image" }] } };
      expect(await refused("large")).toMatchObject({ code: "INVALID_ARGUMENT", ...issue });
      expect(await refused("hungry")).toMatchObject({ code: "INVALID_ARGUMENT", ...issue });
      expect(await refused("none")).toMatchObject({ code: "NOT_FOUND" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false });
    });

    it("that fails before its disks are touched leaves the server as it was", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      const other = await imported(album, "other");
      const before = await created(album);
      cloud.faults.failNext("host-1", "stop", { times: 1, code: "CONFLICT" });
      const rebuild = await album.servers.rebuild("web-1", { image: "other" });
      await expect(rebuild.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", imageId: before.imageId, fault: null });
      expect((await test.guest())?.spec.base.digest).not.toBe(other.digest);
    });
  });

  describe("a rescue", () => {
    it("boots another image beside the server's own disk, and ends with the server as it was", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      const tools = await imported(album, "tools");
      const before = await created(album);
      const rescued = await (await album.servers.rescue("web-1", { image: "tools" })).result();
      expect(rescued).toEqual({ ...before, state: "rescued", operationId: rescued.operationId, guest: rescued.guest });
      const own = (await test.guest())?.spec;
      expect(own?.rescue?.base.digest).toBe(tools.digest);
      expect((await test.guest())?.power).toBe("running");
      await cloud.clock.advance({ minutes: 5 });
      const after = await (await album.servers.unrescue("web-1")).result();
      expect(after).toEqual({ ...before, operationId: after.operationId, guest: after.guest });
      const { rescue: _, ...plain } = own ?? { rescue: undefined };
      expect((await test.guest())?.spec).toEqual(plain);
    });

    it("of a stopped server ends with a stopped one, also when its images were deleted meanwhile", async () => {
      await using test = await opened();
      const { album } = test;
      await imported(album, "mine");
      await imported(album, "tools");
      await created(album, { image: "mine" });
      await (await album.servers.stop("web-1")).result();
      await (await album.servers.rescue("web-1", { image: "tools" })).result();
      for (const image of ["mine", "tools"]) await (await album.images.delete(image)).result();
      expect((await (await album.servers.unrescue("web-1")).result()).state).toBe("stopped");
      expect((await test.guest())?.power).toBe("stopped");
      expect((await (await album.servers.start("web-1")).result()).state).toBe("active");
    });

    it("takes the server's own image where no other is said", async () => {
      await using test = await opened();
      const { album } = test;
      await created(album);
      await (await album.servers.rescue("web-1")).result();
      const spec = (await test.guest())?.spec;
      expect(spec?.rescue?.base.digest).toBe(spec?.base.digest);
    });

    it("that does not start leaves the server running as before, and an end that fails leaves it rescued", async () => {
      await using test = await opened();
      const { cloud, album } = test;
      await imported(album, "tools");
      await created(album);
      cloud.faults.failNext("host-1", "start", { times: 1, code: "CONFLICT" });
      await expect((await album.servers.rescue("web-1", { image: "tools" })).result()).rejects.toMatchObject({
        code: "CONFLICT",
      });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false });
      expect(await test.guest()).toMatchObject({ power: "running", spec: { name: "web-1" } });
      expect((await test.guest())?.spec.rescue).toBeUndefined();
      await (await album.servers.rescue("web-1", { image: "tools" })).result();
      cloud.faults.failNext("host-1", "start", { times: 1, code: "CONFLICT" });
      await expect((await album.servers.unrescue("web-1")).result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.servers.get("web-1")).toMatchObject({ state: "rescued", busy: false });
      expect((await test.guest())?.spec.rescue).toBeDefined();
      expect((await test.guest())?.power).toBe("running");
    });
  });

  it("a cloud says what its servers are rescued with", async () => {
    const cloud = await open({ hosts: fakeFleet({ hosts: 1 }), rescueImage: "tools" });
    const album = cloud.as(amy);
    await created(album);
    await expect(album.servers.rescue("web-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await imported(album, "tools");
    expect((await (await album.servers.rescue(web.name)).result()).state).toBe("rescued");
  });
});
