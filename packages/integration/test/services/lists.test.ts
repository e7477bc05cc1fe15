import type { ActorCloud, Listing, ListServers } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { created } from "./web-server.ts";

const foreign = { code: "INVALID_ARGUMENT", details: { issues: [{ path: "after" }] } };

overDatabases((open) => {
  const names = async (list: Listing<{ readonly name: string }>): Promise<string[]> =>
    (await all(list)).map(({ name }) => name);

  describe("tags of a server", () => {
    it("are given, changed, taken away and found by", async () => {
      const cloud = await open({ hosts: 1, projects: ["mail"] });
      const album = cloud.as(amy);
      const found = (tags: Record<string, string>, more: ListServers = {}): Promise<string[]> =>
        names(album.servers.list({ tags, limit: 1, ...more }));
      const many = await album.servers.create({
        name: "web",
        flavor: "c1.e1",
        image: "debian-12",
        count: 2,
        tags: { role: "web", env: "prod" },
      });
      const [first, second] = await Promise.all(many.map((create) => create.result()));
      expect(first?.tags).toEqual({ env: "prod", role: "web" });
      await created(album, { name: "db-1", tags: { env: "prod", "größe/名": "" } });
      expect(await found({ env: "prod" })).toEqual(["web-1", "web-2", "db-1"]);
      expect(await found({ env: "prod" }, { sort: "name" })).toEqual(["db-1", "web-1", "web-2"]);
      expect(await found({ env: "prod", role: "web" }, { sort: "name", order: "desc" })).toEqual(["web-2", "web-1"]);
      expect(await found({ "größe/名": "" })).toEqual(["db-1"]);
      expect(await found({ role: "Web" })).toEqual([]);
      expect(await found({ role: "web" }, { state: ["error", "active"], namePrefix: "web-2" })).toEqual(["web-2"]);
      expect(await names(cloud.as(olga).servers.list({ tags: { role: "web" }, sort: "name" }))).toHaveLength(2);
      expect(await names(cloud.as({ ...amy, projectId: "mail" }).servers.list({ tags: { env: "prod" } }))).toEqual([]);

      const changed = await album.servers.update(second?.id ?? "", { tags: { env: "test", role: null, tier: "2" } });
      expect(changed).toMatchObject({ name: "web-2", tags: { env: "test", tier: "2" } });
      expect(await album.servers.update("db-1", { name: "a-1" })).toMatchObject({
        tags: { env: "prod", "größe/名": "" },
      });
      expect(await found({ env: "prod" }, { sort: "name" })).toEqual(["a-1", "web-1"]);

      const full = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`k${index}`, "v"]));
      const tooMany = { code: "INVALID_ARGUMENT", details: { issues: [{ path: "tags" }] } };
      await expect(album.servers.update("web-2", { name: "x", tags: full })).rejects.toMatchObject(tooMany);
      expect(await album.servers.get("web-2")).toMatchObject({ tags: { env: "test", tier: "2" } });
      const instead = { ...full, env: null, tier: null };
      await expect(album.servers.update("web-2", { tags: instead })).rejects.toMatchObject(tooMany);
      await album.servers.update("web-2", { tags: { env: null, tier: null } });
      expect((await album.servers.update("web-2", { tags: full })).tags).toEqual(full);

      await (await album.servers.delete("a-1")).result();
      expect(await found({ env: "prod" })).toEqual(["web-1"]);
    });
  });

  describe("tags of an image", () => {
    it("are given, changed, taken away and found by", async () => {
      const cloud = await open({ hosts: 1, projects: ["mail"] });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const found = (tags: Record<string, string>, of = album): Promise<string[]> =>
        names(of.images.list({ tags, limit: 1, sort: "name" }));
      await created(album);
      const snapshot = async (name: string, tags?: Record<string, string>) =>
        (await album.images.snapshot("web-1", { name, ...(tags === undefined ? {} : { tags }) })).result();
      expect((await snapshot("a", { keep: "week", role: "web" })).tags).toEqual({ keep: "week", role: "web" });
      const b = await snapshot("b");
      expect(b.tags).toEqual({});
      const path = import.meta.filename;
      const disk = await (await album.images.import({ name: "c", path, tags: { keep: "week" } })).result();
      await ops.images.update("debian-12", { tags: { keep: "week" } });
      expect(await found({ keep: "week" })).toEqual(["a", "c", "debian-12"]);
      expect(await found({ keep: "week", role: "web" })).toEqual(["a"]);
      expect(await found({ keep: "Week" })).toEqual([]);
      expect(await found({ keep: "week" }, cloud.as({ ...amy, projectId: "mail" }))).toEqual(["debian-12"]);

      const updated = await album.images.update(disk.id, { name: "d", tags: { keep: null, os: "linux" } });
      expect(updated).toMatchObject({ id: disk.id, name: "d", state: "active", tags: { os: "linux" } });
      expect(await album.images.update("d", {})).toEqual(updated);
      const full = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`k${index}`, "v"]));
      const tooMany = { code: "INVALID_ARGUMENT", details: { issues: [{ path: "tags" }] } };
      await expect(album.images.update("d", { name: "x", tags: full })).rejects.toMatchObject(tooMany);
      expect(await album.images.get("d")).toEqual(updated);
      expect((await all(ops.log.list({ resource: disk.id }))).map(({ method }) => method)).toContain("images.update");

      await (await album.images.delete("d")).result();
      expect(await found({ os: "linux" })).toEqual([]);
      await expect(album.images.update(disk.id, { name: "e" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    });
  });

  describe("a list", () => {
    it("is paged, sorted and filtered in the same way, whatever it is of", async () => {
      const cloud = await open({ hosts: 3, zones: ["az-1", "az-2"], projects: ["mail"] });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const admin = cloud.as({ userId: "ada", projectId: "album", roles: ["projectAdmin"] });
      await created(album, { name: "b", zone: "az-1" });
      await created(album, { name: "a", zone: "az-2" });
      await created(album, { name: "B", zone: "az-2" });
      await album.keypairs.generate({ name: "key-b" });
      await album.keypairs.generate({ name: "key-a" });
      for (const name of ["group-b", "group-a"]) await album.serverGroups.create({ name, policy: "affinity" });
      for (const name of ["ssd", "gpu"]) await ops.aggregates.create({ name });
      await ops.aggregates.addHost("gpu", "host-1");
      for (const userId of ["bob", "ann"]) await admin.members.add({ userId });
      await admin.quotaRequests.create({ limits: { servers: 99 }, reason: "more" });

      expect(await names(album.servers.list({ sort: "name", limit: 1 }))).toEqual(["B", "a", "b"]);
      expect(await names(album.servers.list({ order: "desc", limit: 2 }))).toEqual(["B", "a", "b"]);
      const afterFirst = ((await all(album.servers.list()))[0]?.createdAtMs ?? 0) + 1;
      expect(await names(album.servers.list({ createdSinceMs: afterFirst }))).toEqual(["a", "B"]);
      expect(await names(album.servers.list({ createdBeforeMs: afterFirst }))).toEqual(["b"]);
      expect(await names(album.servers.list({ flavor: "c1.e1", zone: "az-2", userId: "amy" }))).toEqual(["a", "B"]);
      const [server] = await all(ops.servers.list({ namePrefix: "b" }));
      expect(await names(ops.servers.list({ host: server?.host ?? "", state: "active" }))).toContain("b");
      expect(await names(album.servers.list({ imageId: server?.imageId ?? "", limit: 2 }))).toHaveLength(3);
      await expect(album.servers.list({ host: "host-1" }).page()).rejects.toMatchObject({ code: "FORBIDDEN" });

      expect(await names(album.images.list({ sort: "name", visibility: "public", limit: 1 }))).toEqual(["debian-12"]);
      expect(await names(album.keypairs.list({ sort: "name", limit: 1 }))).toEqual(["key-a", "key-b"]);
      expect(await names(album.keypairs.list({ namePrefix: "key-b" }))).toEqual(["key-b"]);
      expect(await names(album.serverGroups.list({ sort: "name", limit: 1 }))).toEqual(["group-a", "group-b"]);
      expect(await names(ops.aggregates.list({ sort: "name", limit: 1 }))).toEqual(["gpu", "ssd"]);
      expect(await names(ops.aggregates.list({ host: "host-1" }))).toEqual(["gpu"]);
      expect(await names(ops.hosts.list({ sort: "zone", order: "desc", limit: 1 }))).toEqual([
        "host-2",
        "host-3",
        "host-1",
      ]);
      expect(await names(ops.hosts.list({ enabled: true, namePrefix: "host-3" }))).toEqual(["host-3"]);
      expect(await names(ops.projects.list({ sort: "name", state: ["active", "suspended"] }))).toEqual([
        "album",
        "mail",
      ]);
      const flavors = await all(album.flavors.list({ sort: "memoryMib", order: "desc", limit: 2 }));
      expect(flavors.map(({ memoryMib }) => memoryMib)).toEqual(
        flavors.map(({ memoryMib }) => memoryMib).toSorted((a, b) => b - a),
      );
      const members = async (input: Parameters<ActorCloud["members"]["list"]>[0]): Promise<string[]> =>
        (await all(album.members.list(input))).map(({ userId }) => userId);
      expect(await members({ limit: 1 })).toEqual(["ann", "bob"]);
      expect(await members({ sort: "createdAt", order: "desc", role: "member" })).toEqual(["bob", "ann"]);
      expect(await all(album.quotaRequests.list({ state: ["open"], userId: "ada" }))).toHaveLength(1);
      const kinds = await all(album.operations.list({ kind: "server.create", state: ["succeeded"], limit: 2 }));
      expect(kinds.map(({ resourceId }) => resourceId)).toEqual((await all(album.servers.list())).map(({ id }) => id));
      const lines = await all(album.log.list({ order: "desc", limit: 4, method: "servers.create" }));
      expect(lines.map(({ id }) => id)).toEqual(
        lines
          .map(({ id }) => id)
          .toSorted()
          .toReversed(),
      );
    });

    it("takes no cursor of another list, project, order or filter, and tells nothing with its own", async () => {
      const cloud = await open({ hosts: 1, projects: ["mail"] });
      const album = cloud.as(amy);
      for (const name of ["a", "b"]) await album.keypairs.generate({ name });
      const { next: after } = await album.keypairs.list({ limit: 1 }).page();
      expect((await album.keypairs.list({ limit: 9, after }).page()).items).toMatchObject([{ name: "b" }]);
      const mail = cloud.as({ ...amy, projectId: "mail" });
      for (const other of [
        album.keypairs.list({ after, sort: "name" }),
        album.keypairs.list({ after, order: "desc" }),
        album.keypairs.list({ after, namePrefix: "a" }),
        album.servers.list({ after }),
        mail.keypairs.list({ after }),
        cloud.as(olga).keypairs.list({ after }),
        album.keypairs.list({ after: `${after}x` }),
      ]) {
        await expect(other.page()).rejects.toMatchObject(foreign);
      }
      const { id } = await album.keypairs.get("a");
      const content = Buffer.from(after ?? "", "base64url").toString();
      expect(JSON.parse(content)).toEqual([expect.stringMatching(/^[\w-]{12}$/), expect.any(Number), id]);
    });
  });
});
