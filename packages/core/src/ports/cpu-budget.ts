/** What the kernel is told of a guest's CPU: cgroup `cpu.shares`, `cpu.cfs_period_us` and `cpu.cfs_quota_us`. */
export interface CpuBudget {
  /** Of the whole guest: its EUCU × 1024. Shares only break ties; the quota is the contract. */
  readonly shares: number;
  /** The window in which the quota holds: 100 ms for every guest. */
  readonly periodUs: number;
  /** CPU time that *each vCPU* may use in a period. */
  readonly quotaUsPerVcpu: number;
}

const periodUs = 100_000;

/**
 * The CPU budget of a guest on a host: shares = EUCU × 1024; quota of each vCPU = period × EUCU per vCPU ÷ EUCU per
 * core × correction. 2 vCPUs × 2 EUCU on an E5-2650 (4 EUCU a core): shares 4096, quota 50,000 µs.
 *
 * @param correction what calibration found for this flavor on this host model; 1 until then
 */
export function cpuBudget(
  guest: { readonly vcpus: number; readonly milliEcuPerVcpu: number },
  host: { readonly milliEcuPerCore: number },
  correction = 1,
): CpuBudget {
  return {
    shares: Math.max(2, Math.round((guest.vcpus * guest.milliEcuPerVcpu * 1024) / 1000)),
    periodUs,
    // The kernel takes no quota under 1 ms.
    quotaUsPerVcpu: Math.max(
      1000,
      Math.round(((periodUs * guest.milliEcuPerVcpu) / host.milliEcuPerCore) * correction),
    ),
  };
}
