import { fakeFleet } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { isCloudHostError } from "@cloudhost/core";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { created } from "./web-server.ts";

overDatabases((open) => {
  describe("an aggregate", () => {
    it("keeps flavors that require what it says to its hosts", async () => {
      const cloud = await open({ hosts: 3, busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const size = { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 10 };
      expect(await ops.flavors.create({ ...size, name: "s1", requires: { ssd: "true" } })).toMatchObject({
        requires: { ssd: "true" },
      });
      const refused: unknown = await created(album, { flavor: "s1" }).catch((error: unknown) => error);
      if (!isCloudHostError(refused, "NO_VALID_HOST")) throw refused;
      const filter = refused.details.explanation.filters.find((one) => one.filter === "AggregateFilter");
      expect(filter).toMatchObject({ refused: 3, hosts: [{ need: "ssd=true", have: "no ssd" }, {}, {}] });

      await ops.aggregates.create({ name: "fast", properties: { ssd: "true" } });
      await ops.aggregates.addHost("fast", "host-2");
      expect(await ops.aggregates.addHost("fast", "host-2")).toMatchObject({ hosts: ["host-2"] });
      for (const name of ["a", "b"]) await created(album, { name, flavor: "s1" });
      const hosts = (await all(ops.servers.list({ state: "active" }))).map(({ host }) => host);
      expect(hosts).toEqual(["host-2", "host-2"]);

      await ops.aggregates.setProperties("fast", { ssd: "false" });
      await expect(created(album, { name: "c", flavor: "s1" })).rejects.toMatchObject({ code: "NO_VALID_HOST" });
      await ops.aggregates.setProperties("fast", { ssd: "true" });
      await ops.aggregates.addHost("fast", "host-1");
      await ops.aggregates.removeHost("fast", "host-2");
      expect((await created(album, { name: "d", flavor: "s1" })).state).toBe("active");
      expect((await all(ops.servers.list({ name: "d" })))[0]).toMatchObject({ host: "host-1" });
      await ops.aggregates.delete("fast");
      await expect(created(album, { name: "e", flavor: "s1" })).rejects.toMatchObject({ code: "NO_VALID_HOST" });
      expect(await all(ops.aggregates.list())).toEqual([]);
    });

    it("is not asked for what a flavor requires of the host itself", async () => {
      const cloud = await open({ hosts: fakeFleet({ hosts: 2 }), busFaults: {} });
      const ops = cloud.as(olga);
      const [model] = (await all(ops.hosts.list())).map(({ inventory }) => inventory?.cpuModel);
      const requires = { "host.cpuModel": model ?? "", "host.suspend": "true" };
      const size = { vcpus: 1, milliEcuPerVcpu: 1000, memoryMib: 512, systemDiskGib: 10, requires };
      await ops.flavors.create({ ...size, name: "s1" });
      const { host } = await ops.servers.get((await created(cloud.as(amy), { flavor: "s1" })).id);
      expect(await ops.hosts.get(host ?? "")).toMatchObject({ inventory: { cpuModel: model } });
      await ops.flavors.create({ ...size, name: "s2", requires: { "host.cpuModel": "another" } });
      const refused: unknown = await created(cloud.as(amy), { name: "b", flavor: "s2" }).catch(
        (error: unknown) => error,
      );
      if (!isCloudHostError(refused, "NO_VALID_HOST")) throw refused;
      const filter = refused.details.explanation.filters.find((one) => one.filter === "CapabilitiesFilter");
      expect(filter).toMatchObject({ refused: 2, hosts: [{ need: "cpuModel=another" }, {}] });
    });

    it("has a name of its own", async () => {
      const cloud = await open({ hosts: 1 });
      const ops = cloud.as(olga);
      await ops.aggregates.create({ name: "fast" });
      await expect(ops.aggregates.create({ name: "fast" })).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(ops.aggregates.addHost("slow", "host-1")).rejects.toMatchObject({
        details: { resource: "aggregate" },
      });
      await expect(ops.aggregates.addHost("fast", "host-9")).rejects.toMatchObject({ details: { resource: "host" } });
    });
  });

  describe("a host", () => {
    it("is deleted when it is disabled and empty, and gets no server any more", async () => {
      const cloud = await open({ hosts: fakeFleet({ hosts: 2 }), busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const server = await created(album);
      const host = (await ops.servers.get(server.id)).host ?? "";
      await expect(ops.hosts.delete(host)).rejects.toMatchObject({ details: { state: "up and enabled" } });
      await ops.hosts.disable(host);
      await expect(ops.hosts.delete(host)).rejects.toMatchObject({ code: "CONFLICT", details: { state: "not empty" } });
      await (await album.servers.delete(server.id)).result();
      await ops.aggregates.create({ name: "fast" });
      await ops.aggregates.addHost("fast", host);
      await ops.hosts.delete(host);
      await expect(ops.hosts.get(host)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await ops.aggregates.get("fast")).toMatchObject({ hosts: [] });
      // What watches over hosts and their leases has time to bring it back, and does not.
      await cloud.clock.advance({ minutes: 2 });
      const names = (await all(ops.hosts.list())).map(({ name }) => name);
      expect(names).toHaveLength(1);
      expect(names).not.toContain(host);
      expect((await ops.servers.get((await created(album, { name: "web-2" })).id)).host).toBe(names[0]);
      const { servers, resources } = await ops.statistics.now();
      expect({ servers, milliEcu: resources["milliEcu"]?.used }).toEqual({ servers: 1, milliEcu: 1000 });
    });

    it("is of one zone while it has a server", async () => {
      const cloud = await open({ hosts: 4, zones: ["az-1", "az-2"], busFaults: {} });
      const album = cloud.as(amy);
      for (const zone of ["az-1", "az-2", "az-1", "az-2"]) await created(album, { name: `in-${zone}`, zone });
      const hosts = new Map((await all(cloud.as(olga).hosts.list())).map(({ name, zone }) => [name, zone]));
      for (const { host, zone } of await all(cloud.as(olga).servers.list())) expect(hosts.get(host ?? "")).toBe(zone);
    });
  });
});
