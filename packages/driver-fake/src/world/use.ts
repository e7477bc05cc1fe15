import type { CpuBudget, GuestSpec, HostBinding } from "@cloudhost/core/ports";
import { z } from "zod";
import { seededUnit } from "../seeded.ts";

const count = z.int().min(0);

/** What a guest has used since it was defined, up to a moment. */
export const GuestUse = z.strictObject({
  /** Counted up to here. */
  atMs: count,
  ranMs: count,
  cpuUs: count,
  internalRxBytes: count,
  internalTxBytes: count,
  externalRxBytes: count,
  externalTxBytes: count,
});
export type GuestUse = z.infer<typeof GuestUse>;

/** Of a guest that was just made. */
export const noUse: GuestUse = {
  atMs: 0,
  ranMs: 0,
  cpuUs: 0,
  internalRxBytes: 0,
  internalTxBytes: 0,
  externalRxBytes: 0,
  externalTxBytes: 0,
};

/** What bounds a running guest. */
export interface UseLimits {
  readonly spec: GuestSpec;
  readonly cpu: CpuBudget;
  /** Its interface's bandwidth, where it has one. */
  readonly binding: HostBinding | undefined;
}

/**
 * The use of a guest that ran on from `use.atMs` until `atMs`. It burns a share of its quota and moves as much traffic
 * as it likes and its ceil lets pass; both likings follow from its id, so that guests differ and runs can be repeated.
 */
export function usedUntil(use: GuestUse, { spec, cpu, binding }: UseLimits, atMs: number): GuestUse {
  const ms = Math.max(0, atMs - use.atMs);
  const load = 0.2 + 0.7 * seededUnit(`${spec.id} load`);
  const bytes = (direction: string, ceilKbit: number | undefined): number => {
    const wantedKbit = 1000 + Math.floor(49_000 * seededUnit(`${spec.id} ${direction}`));
    return Math.floor((Math.min(wantedKbit, ceilKbit ?? 0) * ms) / 8);
  };
  const { internal, external } = binding ?? {};
  return {
    atMs: use.atMs + ms,
    ranMs: use.ranMs + ms,
    cpuUs: use.cpuUs + Math.floor((ms * 1000 * spec.vcpus * cpu.quotaUsPerVcpu * load) / cpu.periodUs),
    internalRxBytes: use.internalRxBytes + bytes("internal rx", internal?.ceilKbit),
    internalTxBytes: use.internalTxBytes + bytes("internal tx", internal?.ceilKbit),
    externalRxBytes: use.externalRxBytes + bytes("external rx", external?.ceilKbit),
    externalTxBytes: use.externalTxBytes + bytes("external tx", external?.ceilKbit),
  };
}
