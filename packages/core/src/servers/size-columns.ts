import type { Flavor } from "../flavors/model.ts";
import type { BandwidthPolicy } from "../networks/bandwidth-policy.ts";
import type { SizeColumns } from "./operations/resize-plan.ts";
import type { ServerRow } from "./server-row.ts";

/**
 * What a server's row says of its size when it gets this flavor: the flavor's values are copied, and the bandwidth
 * follows from them.
 * @param externalKbit what its user bought
 */
export function flavorColumns(flavor: Flavor, bandwidth: BandwidthPolicy, externalKbit: number): SizeColumns {
  const { internal, external } = bandwidth({ milliEcu: flavor.vcpus * flavor.milliEcuPerVcpu, externalKbit });
  return {
    flavor: flavor.name,
    vcpus: flavor.vcpus,
    milli_ecu_per_vcpu: flavor.milliEcuPerVcpu,
    memory_mib: flavor.memoryMib,
    system_disk_gib: flavor.systemDiskGib,
    ephemeral_disk_gib: flavor.ephemeralDiskGib,
    resources: JSON.stringify(flavor.resources),
    internal_rate_kbit: internal.rateKbit,
    internal_ceil_kbit: internal.ceilKbit,
    external_rate_kbit: external?.rateKbit ?? 0,
    external_ceil_kbit: external?.ceilKbit ?? 0,
  };
}

/** What a server's row says of its size. */
export const columnsOf = (row: ServerRow): SizeColumns => ({
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
