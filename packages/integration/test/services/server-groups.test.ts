import type { HostConfig } from "@cloudhost/core";
import { fakeFleet, xeonE52650 } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { created } from "./web-server.ts";

overDatabases((open) => {
  const roomy = async (hosts: number | HostConfig[]): Promise<TestCloud> => {
    const cloud = await open({ hosts, busFaults: {} });
    await cloud.as(olga).quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 });
    return cloud;
  };
  /** On which hosts the group's servers run, a host once for each. */
  const hostsOf = async (cloud: TestCloud, group: string): Promise<(string | null)[]> => {
    const servers = await all(cloud.as(olga).servers.list());
    return servers.flatMap((server) => (server.group === group && server.state === "active" ? [server.host] : []));
  };
  const many = (cloud: TestCloud, group: string, count: number) =>
    Promise.allSettled(
      Array.from({ length: count }, (_, index) => created(cloud.as(amy), { name: `${group}-${index}`, group })),
    );

  describe("a server group", () => {
    it("is made, found by name and id, listed with its servers, and deleted when it has none", async () => {
      const cloud = await roomy(2);
      const album = cloud.as(amy);
      const db = await album.serverGroups.create({ name: "db", policy: "anti-affinity" });
      await album.serverGroups.create({ name: "web", policy: "soft-affinity" });
      await expect(album.serverGroups.create({ name: "db", policy: "affinity" })).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "taken" },
      });
      const server = await created(album, { group: db.id });
      expect(server.group).toBe("db");
      expect(await album.serverGroups.get("db")).toEqual({ ...db, serverIds: [server.id] });
      expect(await album.serverGroups.get(db.id)).toEqual({ ...db, serverIds: [server.id] });
      expect((await all(album.serverGroups.list())).map(({ name }) => name)).toEqual(["db", "web"]);
      expect(await all(album.serverGroups.list({ server: server.id }))).toMatchObject([{ name: "db" }]);
      expect(await all(album.serverGroups.list({ policy: "soft-affinity" }))).toMatchObject([{ name: "web" }]);
      expect(await all(cloud.as(olga).serverGroups.list())).toHaveLength(2);
      await expect(album.serverGroups.delete("db")).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "1 servers" },
      });
      await (await album.servers.delete(server.id)).result();
      await album.serverGroups.delete("db");
      await expect(album.serverGroups.get("db")).rejects.toMatchObject({ code: "NOT_FOUND" });
      const gone = created(album, { group: db.id });
      await expect(gone).rejects.toMatchObject({ code: "NOT_FOUND", details: { resource: "server group" } });
    });

    it("of hard affinity is on one host, however many are created at once", async () => {
      const cloud = await roomy(4);
      await cloud.as(amy).serverGroups.create({ name: "cache", policy: "affinity" });
      const attempts = await many(cloud, "cache", 24);
      const hosts = await hostsOf(cloud, "cache");
      expect(new Set(hosts).size).toBe(1);
      expect(hosts).toHaveLength(attempts.filter(({ status }) => status === "fulfilled").length);
      expect(hosts.length).toBeGreaterThan(10);
    });

    it("of hard anti-affinity is on a host each, and who has none left is told why", async () => {
      const cloud = await roomy(3);
      await cloud.as(amy).serverGroups.create({ name: "db", policy: "anti-affinity" });
      const attempts = await many(cloud, "db", 16);
      expect(new Set(await hostsOf(cloud, "db")).size).toBe(3);
      const refused = attempts.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
      expect(refused).toHaveLength(13);
      for (const error of refused) expect(error).toMatchObject({ code: "NO_VALID_HOST" });
    });

    it("of soft anti-affinity is spread while it can be, and refuses nobody", async () => {
      const cloud = await roomy(3);
      await cloud.as(amy).serverGroups.create({ name: "spread", policy: "soft-anti-affinity" });
      for (let index = 0; index < 6; index += 1) await created(cloud.as(amy), { name: `s-${index}`, group: "spread" });
      const counts = Map.groupBy(await hostsOf(cloud, "spread"), (host) => host);
      expect([...counts.values()].map((servers) => servers.length)).toEqual([2, 2, 2]);
    });

    it("of soft affinity is together while it can be, and goes elsewhere when that host is full", async () => {
      const cloud = await roomy(fakeFleet({ hosts: 2, cpuModels: [xeonE52650] }));
      const album = cloud.as(amy);
      await album.serverGroups.create({ name: "near", policy: "soft-affinity" });
      const servers = ["c1.e1", "c1.e1", "c8.e32", "c8.e32"];
      for (const [index, flavor] of servers.entries())
        await created(album, { name: `n-${index}`, flavor, group: "near" });
      const counts = Map.groupBy(await hostsOf(cloud, "near"), (host) => host);
      expect([...counts.values()].map((on) => on.length)).toEqual([3, 1]);
    });
  });
});
