import fc from "fast-check";
import { expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { GuardFailed, script } from "../../src/database/script.ts";
import { larger } from "../../src/hosts/claim-changes.ts";
import type { Claim } from "../../src/hosts/claim-statements.ts";
import { hostOf } from "../../src/hosts/store.ts";
import { ShelvedStore } from "../../src/servers/shelved-store.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

type TestFleet = Awaited<ReturnType<typeof testFleet>>;

/** So many times the small claim; the GPU is a declared resource. */
const sized = ({ smallClaim }: TestFleet, times: number, gpu = 0): Claim => ({
  ...smallClaim,
  vcpus: times,
  memoryMib: 1000 * times,
  resources: {
    ...Object.fromEntries(Object.entries(smallClaim.resources).map(([name, amount]) => [name, amount * times])),
    ...(gpu === 0 ? {} : { gpu }),
  },
});

async function milliEcuOf(fleet: TestFleet): Promise<number[]> {
  const rows = await Promise.all(fleet.hostIds.map((id) => fleet.hosts.get(id)));
  return rows.map((row) => (row === undefined ? -1 : (hostOf(row, undefined).resources["milliEcu"]?.used ?? -1)));
}

const quotaOf = async (fleet: TestFleet) =>
  Object.fromEntries((await fleet.quotas.use(fleet.project.id)).map(({ quota, used }) => [quota, used]));

overDatabases((open) => {
  const placed = async (database: Database, fleet: TestFleet, claim: Claim, hostId = fleet.hostIds[0] ?? "") => {
    const serverId = await fleet.server();
    await database.run(fleet.claims.take(serverId, hostId, claim));
    return serverId;
  };

  it("changes a claim by its difference, and gives back what was taken", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1, resources: { gpu: 2 } });
    const [hostId = ""] = fleet.hostIds;
    const [small, large] = [sized(fleet, 2), sized(fleet, 5, 1)];
    const serverId = await placed(database, fleet, small);
    await database.run(fleet.claimChanges.change(serverId, hostId, small, large));
    expect(await milliEcuOf(fleet)).toEqual([10_000]);
    expect(await quotaOf(fleet)).toMatchObject({
      servers: 1,
      vcpus: 5,
      milliEcu: 10_000,
      memoryMib: 5000,
      diskGib: 50,
    });
    expect((await fleet.hosts.declared([hostId])).get(hostId)?.get("gpu")?.used).toBe(1);
    await database.run(fleet.claimChanges.change(serverId, hostId, large, small));
    expect(await milliEcuOf(fleet)).toEqual([4000]);
    await database.run(fleet.claims.release(serverId));
    expect(await milliEcuOf(fleet)).toEqual([0]);
    expect(new Set(Object.values(await quotaOf(fleet)))).toEqual(new Set([0]));
  });

  it("refuses to grow past the host or the quota, and changes nothing then", async () => {
    const database = await open();
    const limits = { servers: -1, vcpus: 6, milliEcu: -1, memoryMib: -1, externalKbit: -1 };
    const fleet = await testFleet(database, { hosts: 1, limits });
    const [hostId = ""] = fleet.hostIds;
    const small = sized(fleet, 2);
    const serverId = await placed(database, fleet, small);
    const tooMuch = fleet.claimChanges.change(serverId, hostId, small, sized(fleet, 11));
    await expect(database.run(tooMuch)).rejects.toMatchObject({ guard: "host" });
    const overQuota = fleet.claimChanges.change(serverId, hostId, small, sized(fleet, 7));
    await expect(database.run(overQuota)).rejects.toMatchObject({ guard: "quota" });
    expect(await overQuota.refused?.("quota")).toMatchObject({
      code: "QUOTA_EXCEEDED",
      details: { exceeded: [{ quota: "vcpus", need: 5, used: 2, limit: 6 }] },
    });
    const another = fleet.claimChanges.change(serverId, hostId, sized(fleet, 3), sized(fleet, 4));
    await expect(database.run(another)).rejects.toMatchObject({ guard: "allocation" });
    expect(await milliEcuOf(fleet)).toEqual([4000]);
    expect(await quotaOf(fleet)).toMatchObject({ vcpus: 2 });
  });

  it("shrinks where the limit was lowered below the use", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const [hostId = ""] = fleet.hostIds;
    const serverId = await placed(database, fleet, sized(fleet, 5));
    await database.run(fleet.quotas.setLimits(fleet.project.id, { vcpus: 1 }));
    await database.run(fleet.claimChanges.change(serverId, hostId, sized(fleet, 5), sized(fleet, 3)));
    expect(await quotaOf(fleet)).toMatchObject({ vcpus: 3 });
  });

  it("holds two hosts, and of the quotas the larger size, until it is settled", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2, resources: { gpu: 2 } });
    const [source = "", target = ""] = fleet.hostIds;
    const [before, after] = [sized(fleet, 4, 2), { ...sized(fleet, 6, 1), memoryMib: 3000 }];
    for (const [kept, ecu, use] of [
      [target, [0, 12_000], { vcpus: 6, memoryMib: 3000 }],
      [source, [8000, 0], { vcpus: 4, memoryMib: 4000 }],
    ] as const) {
      const serverId = await placed(database, fleet, before);
      await database.run(fleet.claimChanges.takeNext(serverId, target, before, after));
      expect(await milliEcuOf(fleet)).toEqual([8000, 12_000]);
      expect(await quotaOf(fleet)).toMatchObject({ servers: 1, vcpus: 6, milliEcu: 12_000, memoryMib: 4000 });
      await database.run(fleet.claimChanges.settle(serverId, kept));
      await database.run(fleet.claimChanges.settle(serverId, kept));
      expect(await milliEcuOf(fleet)).toEqual(ecu);
      expect(await quotaOf(fleet)).toMatchObject({ servers: 1, ...use });
      const gpus = await fleet.hosts.declared(fleet.hostIds);
      expect(fleet.hostIds.map((id) => gpus.get(id)?.get("gpu")?.used)).toEqual(kept === target ? [0, 1] : [2, 0]);
      await database.run(fleet.claims.release(serverId));
    }
    expect(new Set(Object.values(await quotaOf(fleet)))).toEqual(new Set([0]));
  });

  it("gives back both places of one that is released in between", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    const [, target = ""] = fleet.hostIds;
    const serverId = await placed(database, fleet, sized(fleet, 4));
    await database.run(fleet.claimChanges.takeNext(serverId, target, sized(fleet, 4), sized(fleet, 6)));
    await database.run(fleet.claims.release(serverId));
    expect(await milliEcuOf(fleet)).toEqual([0, 0]);
    expect(new Set(Object.values(await quotaOf(fleet)))).toEqual(new Set([0]));
  });

  it("counts one that is shelved as a server and nothing else, until it is gone", async () => {
    const database = await open();
    const limits = { servers: 1, vcpus: 2, milliEcu: -1, memoryMib: -1, externalKbit: -1 };
    const fleet = await testFleet(database, { hosts: 1, limits, resources: { gpu: 1 } });
    const [hostId = ""] = fleet.hostIds;
    const shelved = new ShelvedStore(database);
    const claim = sized(fleet, 2, 1);
    const serverId = await placed(database, fleet, claim);
    const { claimChanges, claims } = fleet;
    const park = script(...claimChanges.park(serverId).statements);
    const gone = script(...claims.release(serverId).statements, claimChanges.forgetParked(serverId));
    const counted = await quotaOf(fleet);
    // Done again it gives back nothing more.
    for (let times = 0; times < 2; times += 1) await database.run(park);
    expect(await milliEcuOf(fleet)).toEqual([0]);
    expect((await fleet.hosts.declared([hostId])).get(hostId)?.get("gpu")?.used).toBe(0);
    expect(await quotaOf(fleet)).toMatchObject({ servers: 1, vcpus: 0, milliEcu: 0, memoryMib: 0, diskGib: 0 });

    const tooMuch = claimChanges.unpark(serverId, hostId, sized(fleet, 3));
    await expect(database.run(tooMuch)).rejects.toMatchObject({ guard: "quota" });
    expect(await milliEcuOf(fleet)).toEqual([0]);
    // Its own place in the quota of servers is the last one.
    await database.run(claimChanges.unpark(serverId, hostId, claim));
    expect(await quotaOf(fleet)).toEqual(counted);

    await database.run(park);
    const layer = { disk: "system", imageId: fleet.ids.next("img"), digest: "sha256:0" } as const;
    await database.run(script(...shelved.put(serverId, [layer])));
    expect(await shelved.of(serverId)).toEqual([layer]);
    await database.run(gone);
    expect(new Set(Object.values(await quotaOf(fleet)))).toEqual(new Set([0]));
    // What is stored no more counts no more.
    await database.run(script(shelved.remove(serverId)));
    await database.run(gone);
    expect(new Set(Object.values(await quotaOf(fleet)))).toEqual(new Set([0]));
  });

  it("fills a host exactly, however many grow at once", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 7 });
    // Two on each host; each is asked five times at once to grow so much that only one of the two can.
    const servers = await Promise.all(
      Array.from({ length: 14 }, (_, index) =>
        placed(database, fleet, sized(fleet, 2), fleet.hostIds[Math.floor(index / 2)]),
      ),
    );
    const grown = await Promise.allSettled(
      servers.flatMap((serverId, index) => {
        const hostId = fleet.hostIds[Math.floor(index / 2)] ?? "";
        const [from, to] = [sized(fleet, 2), sized(fleet, 7)];
        return Array.from({ length: 5 }, () => database.run(fleet.claimChanges.change(serverId, hostId, from, to)));
      }),
    );
    expect(grown.filter(({ status }) => status === "fulfilled")).toHaveLength(7);
    const reasons = grown.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    expect(reasons.every((reason) => reason instanceof GuardFailed)).toBe(true);
    expect(await milliEcuOf(fleet)).toEqual(fleet.hostIds.map(() => 18_000));
    expect(await quotaOf(fleet)).toMatchObject({ servers: 14, vcpus: 63 });
  });

  it("takes of two sizes the larger amount of each resource", () => {
    const amounts = fc.record({ milliEcu: fc.nat(9), memoryMib: fc.nat(9), gpu: fc.nat(9) }, { requiredKeys: [] });
    const claim = fc.record({
      projectId: fc.constant("prj"),
      vcpus: fc.nat(9),
      memoryMib: fc.nat(9),
      resources: amounts,
    });
    fc.assert(
      fc.property(claim, claim, (one, other) => {
        const both = larger(one, other);
        expect(both.vcpus).toBe(Math.max(one.vcpus, other.vcpus));
        for (const name of ["milliEcu", "memoryMib", "gpu"] as const) {
          expect(both.resources[name] ?? 0).toBe(Math.max(one.resources[name] ?? 0, other.resources[name] ?? 0));
        }
        expect(larger(other, one).resources).toEqual(both.resources);
      }),
    );
  });
});
