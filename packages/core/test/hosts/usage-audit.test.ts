import * as fc from "fast-check";
import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import { GuardFailed } from "../../src/database/script.ts";
import { UsageAuditor } from "../../src/hosts/usage-audit.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  async function fixture() {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 3, resources: { gpu: 4 } });
    const parts = { database, clock: new VirtualClock(1000), logger: silentLogger, written: new Subject<void>() };
    const auditor = new UsageAuditor({ ...parts, watcher: { stale() {} } });
    const group = await fleet.group("affinity");
    const take = (serverId: string, host: number, more: { gpu?: number; near?: boolean } = {}) => {
      const resources = { ...fleet.smallClaim.resources, ...(more.gpu === undefined ? {} : { gpu: more.gpu }) };
      const claim = { ...fleet.smallClaim, resources, ...(more.near === true ? { group } : {}) };
      return database.run(fleet.claims.take(serverId, fleet.hostIds[host] ?? "", claim));
    };
    const release = (serverId: string) => database.run(fleet.claims.release(serverId));
    const plant = (table: keyof typeof database.tables, where: object, row: object) =>
      database.write(database.tables[table]).where(where).update(row);
    return { database, fleet, auditor, group, take, release, plant };
  }

  describe("the auditor of usage", () => {
    it("finds every counter that is not what the claims add up to, and sets it right", async () => {
      const { fleet, auditor, group, take, plant } = await fixture();
      const [hostId = ""] = fleet.hostIds;
      await take(await fleet.server(), 0, { gpu: 1, near: true });
      await take(await fleet.server(), 0);
      expect(await auditor.audit()).toEqual([]);
      await plant("hosts", { id: hostId }, { milli_ecu_used: 1, disk_gib_used: 99 });
      await plant("host_resources", { host_id: hostId }, { used: 0 });
      await plant("quotas", { project_id: fleet.project.id }, { servers_used: 7 });
      await plant("server_groups", { id: group.id }, { placed: 5 });
      const drift = [
        { of: "host", id: hostId, name: "host-1", what: "milliEcu", recorded: 1, actual: 4000 },
        { of: "host", id: hostId, name: "host-1", what: "diskGib", recorded: 99, actual: 20 },
        { of: "host", id: hostId, name: "host-1", what: "gpu", recorded: 0, actual: 1 },
        { of: "project", id: fleet.project.id, name: "album", what: "servers", recorded: 7, actual: 2 },
        { of: "group", id: group.id, name: group.id.slice(4), what: "placed", recorded: 5, actual: 1 },
      ];
      expect(await auditor.audit()).toEqual(drift);
      expect(await auditor.repair()).toEqual(drift);
      expect(await auditor.audit()).toEqual([]);
      expect(await auditor.repair()).toEqual([]);
    });

    it("counts a server that holds a place on two hosts once for its project, with the larger amounts", async () => {
      const { database, fleet, auditor, take } = await fixture();
      const { claimChanges, hostIds, smallClaim } = fleet;
      const serverId = await fleet.server();
      await take(serverId, 0);
      const resources = { ...smallClaim.resources, diskGib: 25 };
      const larger = { ...smallClaim, vcpus: 3, resources };
      await database.run(claimChanges.takeNext(serverId, hostIds[1] ?? "", smallClaim, larger));
      expect(await auditor.audit()).toEqual([]);
    });

    it("tells of each difference once by itself, and changes nothing", async () => {
      const { database, fleet, auditor, plant } = await fixture();
      const events = async () =>
        (await database.all<{ kind: string; data: string }>(database.read(database.tables.outbox))).map(
          ({ kind, data }) => [kind, JSON.parse(data) as unknown],
        );
      await auditor.reconcile();
      expect(await events()).toEqual([]);
      await plant("hosts", { id: fleet.hostIds[1] }, { memory_mib_used: 5 });
      await auditor.reconcile();
      await auditor.reconcile();
      const data = { name: "host-2", what: "memoryMib", recorded: 5, actual: 0 };
      expect(await events()).toEqual([["host.drift.usage", data]]);
      await plant("hosts", { id: fleet.hostIds[1] }, { memory_mib_used: 6 });
      await auditor.reconcile();
      expect(await events()).toHaveLength(2);
      expect(await auditor.audit()).toMatchObject([{ recorded: 6 }]);
    });

    it("is right whatever was claimed, given back and changed by hand", async () => {
      const { fleet, auditor, take, release, plant } = await fixture();
      const servers = await Promise.all(Array.from({ length: 8 }, () => fleet.server()));
      const action = fc.oneof(
        fc.record({ kind: fc.constant("take" as const), server: fc.nat(7), host: fc.nat(2), gpu: fc.nat(2) }),
        fc.record({ kind: fc.constant("release" as const), server: fc.nat(7) }),
        fc.record({ kind: fc.constant("plant" as const), host: fc.nat(2), used: fc.nat(50_000) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 12 }), async (actions) => {
          for (const one of actions) {
            const server = "server" in one ? (servers[one.server] ?? "") : "";
            if (one.kind === "plant") {
              // Too low, and what is given back would be refused; that is the next case's.
              await plant("hosts", { id: fleet.hostIds[one.host] }, { milli_ecu_used: 50_000 + one.used });
              await plant("quotas", { project_id: fleet.project.id }, { vcpus_used: 50_000 + one.used });
            } else if (one.kind === "release") await release(server);
            else {
              await release(server);
              await take(server, one.host, { gpu: one.gpu }).catch((error: unknown) => {
                if (!(error instanceof GuardFailed)) throw error;
              });
            }
          }
          await auditor.repair();
          expect(await auditor.audit()).toEqual([]);
          for (const server of servers) await release(server);
          expect(await auditor.audit()).toEqual([]);
          expect((await fleet.quotas.use(fleet.project.id)).map(({ used }) => used)).toEqual(Array(9).fill(0));
        }),
        { numRuns: 15 },
      );
    });

    it("loses no claim that comes while it repairs", async () => {
      const { fleet, auditor, take, release, plant } = await fixture();
      const servers = await Promise.all(Array.from({ length: 24 }, () => fleet.server()));
      const claiming = { over: false };
      const claimers = servers.map(async (server, index) => {
        for (let round = 0; round < 6; round += 1) {
          await take(server, index % 3, { near: index % 3 === 0 }).catch((error: unknown) => {
            if (!(error instanceof GuardFailed)) throw error;
          });
          if (round < 5 || index % 2 === 0) await release(server);
        }
      });
      const repairs = async (): Promise<void> => {
        while (!claiming.over) {
          for (const id of fleet.hostIds)
            await plant("hosts", { id }, { memory_mib_used: 9000, internal_kbit_used: 150_000 });
          await plant("quotas", { project_id: fleet.project.id }, { memory_mib_used: 1_000_000 });
          await auditor.repair();
        }
      };
      const repairing = repairs();
      await Promise.all(claimers);
      claiming.over = true;
      await repairing;
      expect(await auditor.audit()).toEqual([]);
    });
  });
});
