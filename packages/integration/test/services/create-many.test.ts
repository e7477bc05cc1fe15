import { isCloudHostError } from "@cloudhost/core";
import type { ActorCloud } from "@cloudhost/core";
import { fakeFleet, xeonE52650 } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, nothingClaimed } from "./web-server.ts";

const web = { name: "web", flavor: "c1.e1", image: "debian-12" } as const;
/** Takes half of what a host has left for guests, so that a host has room for one. */
const big = { ...web, name: "big", flavor: "c8.e32" } as const;

overDatabases((open) => {
  /** Three hosts of 60 EUCU each. */
  const roomy = async (): Promise<TestCloud> => {
    const cloud = await open({ hosts: fakeFleet({ hosts: 3, cpuModels: [xeonE52650] }), busFaults: {} });
    await cloud.as(olga).quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 });
    return cloud;
  };
  const states = async (album: ActorCloud) => (await all(album.servers.list())).map(({ name, state }) => [name, state]);
  const hostsOf = async (cloud: TestCloud) => (await all(cloud.as(olga).servers.list())).map(({ host }) => host);
  const emptied = async (cloud: TestCloud): Promise<void> => {
    const servers = await all(cloud.as(amy).servers.list());
    await Promise.all(servers.map(async ({ id }) => (await cloud.as(amy).servers.delete(id)).result()));
    expect(await claimed(cloud)).toEqual(nothingClaimed);
  };

  describe("servers that are created several at once", () => {
    it("are numbered, and created or refused each by itself", async () => {
      const cloud = await roomy();
      const album = cloud.as(amy);
      const creates = await album.servers.create({ ...big, count: 4, idempotencyKey: "four" });
      const ends = await Promise.allSettled(creates.map((create) => create.result()));
      expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      const refused = ends.find((end) => end.status === "rejected")?.reason as unknown;
      expect(refused).toMatchObject({ code: "NO_VALID_HOST" });
      const found = await states(album);
      expect(found.map(([name]) => name)).toEqual(["big-1", "big-2", "big-3", "big-4"]);
      expect(found.filter(([, state]) => state === "error")).toHaveLength(1);
      const again = await album.servers.create({ ...big, count: 4, idempotencyKey: "four" });
      expect(again.map(({ id }) => id)).toEqual(creates.map(({ id }) => id));
      const other = { ...big, count: 3, idempotencyKey: "four" };
      await expect(album.servers.create(other)).rejects.toMatchObject({ code: "IDEMPOTENCY_MISMATCH" });
      const one = { ...big, idempotencyKey: "four" };
      await expect(album.servers.create(one)).rejects.toMatchObject({ code: "IDEMPOTENCY_MISMATCH" });
    });

    it("are all or none where that is asked for: quota, room, and places in a group", async () => {
      const cloud = await roomy();
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const asked = { ...big, count: 4, allOrNothing: true };
      await expect(album.servers.create(asked)).rejects.toMatchObject({
        code: "NO_VALID_HOST",
        message: expect.stringMatching(
          /^None of 4 servers is created: .* for big-4 .*\nNo host can take big-4/,
        ) as string,
        details: { unplaced: ["big-4"], explanation: { hosts: 3, passed: 0 } },
      });
      await ops.quotas.set("album", { vcpus: 20 });
      await expect(album.servers.create({ ...asked, count: 3 })).rejects.toMatchObject({
        code: "QUOTA_EXCEEDED",
        details: { exceeded: [{ quota: "vcpus", need: 24, used: 0, limit: 20 }] },
      });
      expect(await states(album)).toEqual([]);
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      await ops.quotas.set("album", { vcpus: 24 });
      const creates = await album.servers.create({ ...asked, count: 3, idempotencyKey: "three" });
      await Promise.all(creates.map((create) => create.result()));
      expect(new Set(await hostsOf(cloud)).size).toBe(3);
      expect((await claimed(cloud))["milliEcu"]).toBe(96_000);
      const again = await album.servers.create({ ...asked, count: 3, idempotencyKey: "three" });
      expect(again.map(({ resourceId }) => resourceId)).toEqual(creates.map(({ resourceId }) => resourceId));
      await emptied(cloud);

      await ops.quotas.set("album", { vcpus: -1 });
      await album.serverGroups.create({ name: "apart", policy: "anti-affinity" });
      await album.serverGroups.create({ name: "close", policy: "affinity" });
      const apart = { ...web, count: 4, allOrNothing: true, group: "apart" };
      await expect(album.servers.create(apart)).rejects.toMatchObject({ details: { unplaced: ["web-4"] } });
      await Promise.all((await album.servers.create({ ...apart, count: 3 })).map((create) => create.result()));
      expect(new Set(await hostsOf(cloud)).size).toBe(3);
      await emptied(cloud);

      // The best host for the first of them has no room for both.
      await (await album.servers.create({ ...big, name: "neighbour" })).result();
      const close = { ...web, flavor: "c4.e15", count: 4, allOrNothing: true, group: "close" };
      await ops.flavors.create({
        name: "c4.e15",
        vcpus: 4,
        milliEcuPerVcpu: 3750,
        memoryMib: 1024,
        systemDiskGib: 10,
      });
      await expect(album.servers.create({ ...close, count: 5 })).rejects.toMatchObject({ code: "NO_VALID_HOST" });
      await Promise.all((await album.servers.create(close)).map((create) => create.result()));
      const group = await album.serverGroups.get("close");
      expect(group.serverIds).toHaveLength(4);
      expect(new Set((await hostsOf(cloud)).slice(1)).size).toBe(1);
      await emptied(cloud);
    });

    it("are never half there: of batches at once, those that fit are whole, and the others leave nothing", async () => {
      const cloud = await roomy();
      const album = cloud.as(amy);
      const batches = await Promise.allSettled(
        Array.from({ length: 6 }, async (_, index) => {
          const creates = await album.servers.create({ ...big, name: `b${index}`, count: 2, allOrNothing: true });
          return Promise.all(creates.map((create) => create.result()));
        }),
      );
      expect(batches.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const refused = batches.flatMap((batch) => (batch.status === "rejected" ? [batch.reason as unknown] : []));
      for (const error of refused) expect(isCloudHostError(error, "NO_VALID_HOST")).toBe(true);
      expect((await states(album)).map(([, state]) => state)).toEqual(["active", "active"]);
      expect((await claimed(cloud))["servers"]).toBe(2);
    });

    it("go each its own way afterwards: what a host fails at fails one of them", async () => {
      const cloud = await roomy();
      const album = cloud.as(amy);
      cloud.faults.failNext("host-2", "start", { code: "CONFLICT" });
      const creates = await album.servers.create({ ...big, count: 3, allOrNothing: true });
      const ends = await Promise.allSettled(creates.map((create) => create.result()));
      expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
      expect((await claimed(cloud))["servers"]).toBe(2);
      await emptied(cloud);
      await expect(album.servers.create({ ...web, count: 101 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      const long = { ...web, name: "w".repeat(62), count: 10 };
      await expect(album.servers.create(long)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { issues: [{ path: "name" }] },
      });
    });
  });
});
