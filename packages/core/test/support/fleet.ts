import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { insertInto, script } from "../../src/database/script.ts";
import { ClaimChanges } from "../../src/hosts/claim-changes.ts";
import { Claims } from "../../src/hosts/claims.ts";
import type { Claim } from "../../src/hosts/claim-statements.ts";
import { HostStore } from "../../src/hosts/store.ts";
import { uuidv7Ids } from "../../src/ids.ts";
import type { HostInventory } from "../../src/ports/host.ts";
import { ProjectStore } from "../../src/projects/store.ts";
import type { ServerGroupPolicy } from "../../src/server-groups/model.ts";
import type { GroupOfServer } from "../../src/server-groups/store.ts";
import { ServerGroupStore } from "../../src/server-groups/store.ts";
import type { QuotaLimits } from "../../src/quotas/model.ts";
import { QuotaStore } from "../../src/quotas/store.ts";

/** What a host of the tests has: room for ten of {@link smallClaim}. */
export const inventory: HostInventory = {
  cpuModel: "Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz",
  architecture: "x86_64",
  hypervisor: "fake",
  guestCores: 5,
  milliEcuPerCore: 4000,
  milliEcuEstimated: false,
  milliEcu: 20_000,
  memoryMib: 10_240,
  diskGib: 100,
  internalKbit: 160_000,
  externalKbit: 100_000,
  resources: {},
  capabilities: {},
};

/** A project, hosts and the claims on them, straight in the store. */
export async function testFleet(
  database: Database,
  options: { hosts: number; limits?: QuotaLimits; resources?: Record<string, number> },
) {
  const ids = uuidv7Ids({ nowMs: () => Date.now() });
  const quotas = new QuotaStore(database);
  const projects = new ProjectStore(database, quotas, systemClock());
  const hosts = new HostStore(database, ids);
  const project = { id: ids.next("prj"), name: "album", createdAtMs: 1 };
  await database.run(
    projects.create(
      project,
      options.limits ?? { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1, externalKbit: -1 },
    ),
  );
  const hostIds: string[] = [];
  for (let index = 1; index <= options.hosts; index += 1) {
    const { id } = await hosts.register(`host-${index}`, "az-1", 1);
    await database.run(hosts.setInventory(id, { ...inventory, resources: options.resources ?? {} }));
    await database.run(hosts.setState(id, "up", null, 1));
    hostIds.push(id);
  }
  const watcher = { changed() {}, stale() {} };
  const groups = new ServerGroupStore(database);
  const claims = new Claims({ database, quotas, groups, watcher });
  const claimChanges = new ClaimChanges({ database, quotas, groups, watcher });
  const server = async (): Promise<string> => {
    const id = ids.next("srv");
    await database.run(script(serverRow(database, id, project.id)));
    return id;
  };
  const smallClaim: Claim = {
    projectId: project.id,
    vcpus: 1,
    memoryMib: 1000,
    resources: { milliEcu: 2000, memoryMib: 1024, diskGib: 10, internalKbit: 16_000, externalKbit: 10_000 },
  };
  const group = async (policy: ServerGroupPolicy): Promise<GroupOfServer> => {
    const id = ids.next("grp");
    await database.run(groups.create({ id, projectId: project.id, name: id.slice(4), policy, createdAtMs: 1 }));
    return { id, policy };
  };
  return { ids, quotas, projects, hosts, groups, group, project, hostIds, claims, claimChanges, server, smallClaim };
}

/** A server's row, as far as its references need it. */
export const serverRow = (database: Database, id: string, projectId: string) =>
  insertInto(database.tables.servers, {
    id,
    project_id: projectId,
    user_id: "amy",
    name: "web",
    state: "building",
    busy: 1,
    flavor: "c1.e2",
    vcpus: 1,
    milli_ecu_per_vcpu: 2000,
    memory_mib: 1000,
    system_disk_gib: 10,
    ephemeral_disk_gib: 0,
    resources: "{}",
    image_id: "img_x",
    internal_rate_kbit: 16_000,
    internal_ceil_kbit: 16_000,
    external_rate_kbit: 10_000,
    external_ceil_kbit: 10_000,
    guest: "unknown",
    guest_since_ms: 1,
    created_at_ms: 1,
  });
