import { isCloudHostError, quotaNames } from "@cloudhost/core";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { claimed, created } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

overDatabases((open) => {
  describe("a project's quotas", () => {
    it("are nine lines, each with its limit, its use and what is left", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      await created(album, { flavor: "c2.e4", externalKbit: 40_000 });
      const lines = await album.quotas.get();
      expect(lines.map(({ quota }) => quota)).toEqual(quotaNames);
      expect(
        Object.fromEntries(lines.map(({ quota, limit, used, available }) => [quota, [limit, used, available]])),
      ).toEqual({
        servers: [30, 1, 29],
        vcpus: [60, 2, 58],
        milliEcu: [120_000, 4000, 116_000],
        internalFloatingIps: [30, 0, 30],
        externalFloatingIps: [0, 0, 0],
        securityGroups: [30, 0, 30],
        diskGib: [-1, 20, -1],
        memoryMib: [122_880, 4096, 118_784],
        externalKbit: [100_000, 40_000, 60_000],
      });
    });

    it("stop what would pass them, and say by how much", async () => {
      const cloud = await open();
      const album = cloud.as(amy);
      await cloud.as(olga).quotas.set("album", { servers: 2, externalKbit: 0 });
      const attempts = await Promise.allSettled(
        Array.from({ length: 6 }, (_, index) => created(album, { name: `web-${index}` })),
      );
      expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
      const both = created(album, { name: "one-more", externalKbit: 5 });
      await expect(both).rejects.toMatchObject({
        code: "QUOTA_EXCEEDED",
        details: {
          exceeded: [
            { quota: "servers", need: 1, used: 2, limit: 2 },
            { quota: "externalKbit", need: 5, used: 0, limit: 0 },
          ],
        },
      });
      const failed = await all(album.servers.list({ state: "error" }));
      expect(failed).toHaveLength(5);
      for (const { id } of failed) await (await album.servers.delete(id)).result();
      expect((await album.quotas.get())[0]).toMatchObject({ quota: "servers", used: 2, available: 0 });
      expect((await claimed(cloud))["servers"]).toBe(2);
    });
  });

  describe("where a server goes", () => {
    const hostsOf = async (cloud: TestCloud) =>
      (await all(cloud.as(olga).servers.list())).filter(({ state }) => state === "active").map(({ host }) => host);

    it("is a host each, for those of one group", async () => {
      const cloud = await open({ hosts: 3 });
      const album = cloud.as(amy);
      await album.serverGroups.create({ name: "db", policy: "anti-affinity" });
      const attempts = await Promise.allSettled(
        Array.from({ length: 4 }, (_, index) => created(album, { name: `db-${index}`, group: "db" })),
      );
      expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      const refused = attempts.find((one) => one.status === "rejected")?.reason as unknown;
      if (!isCloudHostError(refused, "NO_VALID_HOST")) throw refused;
      expect(refused.details.explanation).toMatchObject({ hosts: 3, passed: 0 });
      expect(new Set(await hostsOf(cloud)).size).toBe(3);
      await (await album.servers.delete((await all(album.servers.list({ state: "active" })))[0]?.id ?? "")).result();
      await expect(created(album, { name: "db-again", group: "db" })).resolves.toMatchObject({ group: "db" });
    });

    it("is in the zone asked for, and on no host that is disabled", async () => {
      const cloud = await open({ hosts: 4, zones: ["az-1", "az-2"] });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      expect(await created(album, { zone: "az-2" })).toMatchObject({ zone: "az-2" });
      const before = new Set(await hostsOf(cloud));
      for (const host of before) await ops.hosts.disable(host ?? "");
      const second = await created(album, { name: "web-2", zone: "az-2" });
      expect(second.zone).toBe("az-2");
      const after = new Set(await hostsOf(cloud));
      expect(after.size).toBe(2);
      for (const host of after) await ops.hosts.disable(host ?? "");
      await expect(created(album, { name: "web-3", zone: "az-2" })).rejects.toMatchObject({ code: "NO_VALID_HOST" });
      expect(await created(album, { name: "web-4" })).toMatchObject({ zone: "az-1" });
      for (const host of after) expect(await ops.hosts.enable(host ?? "")).toMatchObject({ enabled: true });
      await expect(created(album, { name: "web-5", zone: "az-2" })).resolves.toMatchObject({ zone: "az-2" });
      expect(await ops.statistics.now({ zone: "az-2" })).toMatchObject({ servers: 3 });
      expect(await ops.statistics.now({ host: "host-9" })).toMatchObject({
        servers: 0,
        resources: { milliEcu: { total: 0 } },
      });
    });
  });
});
