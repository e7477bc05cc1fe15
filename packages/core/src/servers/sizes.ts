import { z } from "zod";
import type { Database } from "../database/database.ts";
import type { Flavor } from "../flavors/model.ts";
import type { BandwidthPolicy } from "../networks/bandwidth-policy.ts";
import type { BootImages } from "./boot-images.ts";
import { claimedResources } from "./operations/claim-plan.ts";
import type { ClaimPlan } from "./operations/claim-plan.ts";
import type { Placing } from "./operations/placing.ts";
import type { ServerSize, SizeColumns } from "./operations/resize-plan.ts";
import type { ServerRow } from "./store.ts";

/** What sizes are made from. */
export interface SizesDependencies {
  readonly database: Database;
  readonly bootImages: BootImages;
  readonly bandwidth: BandwidthPolicy;
}

const Amounts = z.record(z.string(), z.int());

/** Servers as operations keep them, from their rows: the guest, the claim, and what the row itself says of the size. */
export class ServerSizes {
  readonly #dependencies: SizesDependencies;

  constructor(dependencies: SizesDependencies) {
    this.#dependencies = dependencies;
  }

  /** The size that a server has. */
  async of(row: ServerRow): Promise<ServerSize> {
    return this.#sizeOf(row, columnsOf(row));
  }

  /** The size that it would have with another flavor: bandwidth follows, data disks stay. */
  async with(row: ServerRow, flavor: Flavor): Promise<ServerSize> {
    const milliEcu = flavor.vcpus * flavor.milliEcuPerVcpu;
    const bought = this.#dependencies.bandwidth({ milliEcu, externalKbit: row.external_rate_kbit });
    return this.#sizeOf(row, {
      flavor: flavor.name,
      vcpus: flavor.vcpus,
      milli_ecu_per_vcpu: flavor.milliEcuPerVcpu,
      memory_mib: flavor.memoryMib,
      system_disk_gib: flavor.systemDiskGib,
      ephemeral_disk_gib: flavor.ephemeralDiskGib,
      resources: JSON.stringify(flavor.resources),
      internal_rate_kbit: bought.internal.rateKbit,
      internal_ceil_kbit: bought.internal.ceilKbit,
      external_rate_kbit: bought.external?.rateKbit ?? 0,
      external_ceil_kbit: bought.external?.ceilKbit ?? 0,
    });
  }

  /** What a new place must be like, for a server that has one. */
  async placing(row: ServerRow, requires: Readonly<Record<string, string>>): Promise<Placing> {
    const { architecture, hypervisor } = (await this.#dependencies.bootImages.used(row.image_id)).properties;
    return {
      ...(row.requested_zone === null ? {} : { zone: row.requested_zone }),
      requires,
      image: {
        ...(architecture === undefined ? {} : { architecture }),
        ...(hypervisor === undefined ? {} : { hypervisor }),
      },
      notOn: row.host_id === null ? [] : [row.host_id],
    };
  }

  /** The interfaces of a server. */
  async nicIds(serverId: string): Promise<string[]> {
    const { database } = this.#dependencies;
    const query = database.read(database.tables.bindings).where({ server_id: serverId }).orderBy("id").select("id");
    return (await database.all<{ id: string }>(query)).map(({ id }) => id);
  }

  async #sizeOf(row: ServerRow, columns: SizeColumns): Promise<ServerSize> {
    const dataDisks = await this.#dataDisks(row.id);
    const { image, boot } = await this.#dependencies.bootImages.used(row.image_id);
    const size = {
      vcpus: columns.vcpus,
      milliEcuPerVcpu: columns.milli_ecu_per_vcpu,
      memoryMib: columns.memory_mib,
      systemDiskGib: columns.system_disk_gib,
      ephemeralDiskGib: columns.ephemeral_disk_gib,
      dataDisks,
    };
    const rates = { internalKbit: columns.internal_rate_kbit, externalKbit: columns.external_rate_kbit };
    const claim: ClaimPlan = {
      projectId: row.project_id,
      vcpus: columns.vcpus,
      resources: claimedResources({ ...size, ...rates, resources: Amounts.parse(JSON.parse(columns.resources)) }),
      memoryMib: columns.memory_mib,
      ...groupOf(row),
    };
    const guest = { name: row.name, ...size, image, ...(boot === undefined ? {} : { boot }) };
    return { guest, claim, columns };
  }

  async #dataDisks(serverId: string): Promise<{ id: string; sizeGib: number }[]> {
    const { database } = this.#dependencies;
    const query = database.read(database.tables.data_disks).where({ server_id: serverId }).orderBy("id");
    const rows = await database.all<{ id: string; size_gib: number }>(query);
    return rows.map(({ id, size_gib: sizeGib }) => ({ id, sizeGib }));
  }
}

const columnsOf = (row: ServerRow): SizeColumns => ({
  flavor: row.flavor,
  vcpus: row.vcpus,
  milli_ecu_per_vcpu: row.milli_ecu_per_vcpu,
  memory_mib: row.memory_mib,
  system_disk_gib: row.system_disk_gib,
  ephemeral_disk_gib: row.ephemeral_disk_gib,
  resources: row.resources,
  internal_rate_kbit: row.internal_rate_kbit,
  internal_ceil_kbit: row.internal_ceil_kbit,
  external_rate_kbit: row.external_rate_kbit,
  external_ceil_kbit: row.external_ceil_kbit,
});

const groupOf = ({ group_id: id, group_name: name, group_policy: policy }: ServerRow): Pick<ClaimPlan, "group"> =>
  id === null || name === null || policy === null ? {} : { group: { id, name, policy } };
