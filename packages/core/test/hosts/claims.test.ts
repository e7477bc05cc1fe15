import { expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import type { GroupOfServer } from "../../src/server-groups/store.ts";
import { GuardFailed } from "../../src/database/script.ts";
import { hostOf } from "../../src/hosts/store.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  const used = async (fleet: Awaited<ReturnType<typeof testFleet>>, hostId: string) => {
    const row = await fleet.hosts.get(hostId);
    if (row === undefined) throw new Error("no host");
    return hostOf(row, (await fleet.hosts.declared([hostId])).get(hostId)).resources;
  };

  it("takes of the host and of the quota, and gives all of it back", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const [hostId = ""] = fleet.hostIds;
    const serverId = await fleet.server();
    await database.run(fleet.claims.take(serverId, hostId, fleet.smallClaim));
    expect(await used(fleet, hostId)).toMatchObject({
      milliEcu: { total: 20_000, used: 2000, available: 18_000 },
      memoryMib: { used: 1024 },
      externalKbit: { used: 10_000 },
    });
    const use = Object.fromEntries(
      (await fleet.quotas.use(fleet.project.id)).map(({ quota, used: of }) => [quota, of]),
    );
    expect(use).toMatchObject({
      servers: 1,
      vcpus: 1,
      milliEcu: 2000,
      diskGib: 10,
      memoryMib: 1000,
      externalKbit: 10_000,
    });

    await database.run(fleet.claims.release(serverId));
    await database.run(fleet.claims.release(serverId));
    expect(Object.values(await used(fleet, hostId)).map((of) => of.used)).toEqual([0, 0, 0, 0, 0]);
    expect((await fleet.quotas.use(fleet.project.id)).map((of) => of.used)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it("fills hosts exactly, however many claim at once", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 3 });
    const servers = await Promise.all(Array.from({ length: 60 }, () => fleet.server()));
    const outcomes = await Promise.allSettled(
      servers.map((serverId, index) =>
        database.run(fleet.claims.take(serverId, fleet.hostIds[index % 3] ?? "", fleet.smallClaim)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(30);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(reasons.every((reason) => reason instanceof GuardFailed)).toBe(true);
    for (const hostId of fleet.hostIds)
      expect((await used(fleet, hostId))["milliEcu"]).toEqual({ total: 20_000, used: 20_000, available: 0 });
  });

  it("fills a quota exactly, and says what it lacks", async () => {
    const database = await open();
    const fleet = await testFleet(database, {
      hosts: 3,
      limits: { servers: 7, externalKbit: -1, milliEcu: -1, vcpus: -1, memoryMib: -1 },
    });
    const servers = await Promise.all(Array.from({ length: 20 }, () => fleet.server()));
    const outcomes = await Promise.allSettled(
      servers.map((serverId, index) =>
        database.run(fleet.claims.take(serverId, fleet.hostIds[index % 3] ?? "", fleet.smallClaim)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    const refused = fleet.claims.take(servers[0] ?? "", fleet.hostIds[0] ?? "", fleet.smallClaim);
    expect(await refused.refused?.("quota")).toMatchObject({
      code: "QUOTA_EXCEEDED",
      details: { exceeded: [{ quota: "servers", need: 1, used: 7, limit: 7 }] },
    });
  });

  it("claims declared resources in the same transaction", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1, resources: { gpu: 2 } });
    const [hostId = ""] = fleet.hostIds;
    const claim = { ...fleet.smallClaim, resources: { ...fleet.smallClaim.resources, gpu: 1 } };
    const servers = await Promise.all(Array.from({ length: 5 }, () => fleet.server()));
    const outcomes = await Promise.allSettled(
      servers.map((serverId) => database.run(fleet.claims.take(serverId, hostId, claim))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(2);
    expect((await used(fleet, hostId))["gpu"]).toEqual({ total: 2, used: 2, available: 0 });
    expect((await used(fleet, hostId))["milliEcu"]?.used).toBe(4000);
    for (const serverId of servers) await database.run(fleet.claims.release(serverId));
    expect((await used(fleet, hostId))["gpu"]?.used).toBe(0);
  });

  /** 64 servers of a group that claim at once, each wherever it comes, and which hosts they are on then. */
  async function placed(fleet: Awaited<ReturnType<typeof testFleet>>, database: Database, group: GroupOfServer) {
    const claim = { ...fleet.smallClaim, group, resources: {} };
    const servers = await Promise.all(Array.from({ length: 64 }, () => fleet.server()));
    const outcomes = await Promise.allSettled(
      servers.map(async (serverId, index) => {
        await database.run(fleet.claims.take(serverId, fleet.hostIds[index % fleet.hostIds.length] ?? "", claim));
        return serverId;
      }),
    );
    const taken = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(refused.every((error) => error instanceof GuardFailed && error.guard === "group")).toBe(true);
    return { taken, hostIds: await fleet.groups.hostIds(group.id, "nobody") };
  }

  it("lets one server of an anti-affinity group onto each host, however many claim at once", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 5 });
    const { taken, hostIds } = await placed(fleet, database, await fleet.group("anti-affinity"));
    expect(taken).toHaveLength(5);
    expect(new Set(hostIds)).toEqual(new Set(fleet.hostIds));
  });

  it("lets the servers of an affinity group onto one host, however many claim at once", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 4 });
    const group = await fleet.group("affinity");
    const { taken, hostIds } = await placed(fleet, database, group);
    expect(taken).toHaveLength(16);
    const [first = ""] = hostIds;
    expect(new Set(hostIds)).toEqual(new Set([first]));
    // Some go and others come, at once: while one is there, nobody goes elsewhere.
    const other = fleet.hostIds.find((id) => id !== first) ?? "";
    const claim = { ...fleet.smallClaim, group, resources: {} };
    const [stays = "", ...leave] = taken;
    const late = await Promise.all(leave.map(() => fleet.server()));
    await Promise.allSettled([
      ...leave.map((serverId) => database.run(fleet.claims.release(serverId))),
      ...late.map((serverId) => database.run(fleet.claims.take(serverId, other, claim))),
    ]);
    expect(await fleet.groups.hostIds(group.id, "nobody")).toEqual([first]);
    await database.run(fleet.claims.release(stays));
    await database.run(fleet.claims.release(stays));
    await database.run(fleet.claims.take(late[0] ?? "", other, claim));
    expect(await fleet.groups.hostIds(group.id, "nobody")).toEqual([other]);
  });

  it("refuses nobody for a soft policy", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    for (const policy of ["soft-affinity", "soft-anti-affinity"] as const) {
      expect((await placed(fleet, database, await fleet.group(policy))).taken).toHaveLength(64);
    }
  });

  it("refuses a host that is disabled or not up", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    const [first = "", second = ""] = fleet.hostIds;
    await database.run(fleet.hosts.setEnabled(first, false));
    await database.run(fleet.hosts.setState(second, "suspect", "no heartbeat", 1));
    for (const hostId of [first, second]) {
      const claim = database.run(fleet.claims.take(await fleet.server(), hostId, fleet.smallClaim));
      await expect(claim).rejects.toMatchObject({ guard: "host" });
    }
  });

  it("lowers a limit below what is used, which blocks growth and nothing else", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const [hostId = ""] = fleet.hostIds;
    const first = await fleet.server();
    await database.run(fleet.claims.take(first, hostId, fleet.smallClaim));
    await database.run(fleet.quotas.setLimits(fleet.project.id, { servers: 0 }));
    expect((await fleet.quotas.use(fleet.project.id))[0]).toMatchObject({ limit: 0, used: 1, available: 0 });
    await expect(database.run(fleet.claims.take(await fleet.server(), hostId, fleet.smallClaim))).rejects.toMatchObject(
      { guard: "quota" },
    );
    await database.run(fleet.claims.release(first));
    expect((await fleet.quotas.use(fleet.project.id))[0]).toMatchObject({ limit: 0, used: 0 });
  });

  it("keeps a claim when the host's total falls below it, and takes no more", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const [hostId = ""] = fleet.hostIds;
    await database.run(fleet.claims.take(await fleet.server(), hostId, fleet.smallClaim));
    const row = await fleet.hosts.get(hostId);
    const smaller = { ...(JSON.parse(row?.inventory ?? "{}") as never as object), milliEcu: 1000 };
    await database.run(fleet.hosts.setInventory(hostId, smaller as never));
    expect((await used(fleet, hostId))["milliEcu"]).toEqual({ total: 1000, used: 2000, available: -1000 });
    await expect(database.run(fleet.claims.take(await fleet.server(), hostId, fleet.smallClaim))).rejects.toMatchObject(
      { guard: "host" },
    );
  });
});
