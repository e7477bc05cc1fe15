import { z } from "zod";

const amount = z.int().min(0);

/** Countable resources by name, in their base units: the built-in ones and those that the product declared. */
export const ResourceAmountsSchema = z.record(z.string().regex(/^[a-z][A-Za-z0-9]{0,62}$/), amount);

/**
 * Amounts of countable resources. A product that declares one of its own makes it known to the types so:
 * `declare module "@cloudhost/core/ports" { interface ResourceAmounts { gpu: number } }`.
 */
export interface ResourceAmounts {
  /** Compute in mEUCU. */
  milliEcu: number;
  memoryMib: number;
  /** Instance storage: system and ephemeral disks at their full size. */
  diskGib: number;
  internalKbit: number;
  externalKbit: number;
}

/** A resource's name: a key of {@link ResourceAmounts}. */
export type ResourceName = keyof ResourceAmounts;

/** The built-in resources, in the order in which they are shown. */
export const builtInResources = ["milliEcu", "memoryMib", "diskGib", "internalKbit", "externalKbit"] as const;

/** What a host keeps for itself; guests never get it. */
export const HostReserve = z.strictObject({
  /** Physical cores, each with all its hardware threads. */
  cores: z.int().min(0).default(1),
  memoryMib: amount.default(2048),
  /** Base images, caches and resize sources live here, so that every overlay can grow to its full size. */
  diskGib: amount.default(20),
  internalKbit: amount.default(100_000),
  externalKbit: amount.default(0),
});
export type HostReserve = z.infer<typeof HostReserve>;

/** What a hypervisor's host offers guests, the reserve already taken off. */
export const ComputeInventory = z.strictObject({
  /** As the machine names it, for instance `Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz`. */
  cpuModel: z.string(),
  architecture: z.enum(["x86_64", "aarch64"]),
  hypervisor: z.enum(["kvm", "qemu", "lxc", "fake"]),
  /** Physical cores for guests; hardware threads are never counted. */
  guestCores: z.int().min(0),
  /** Compute of one physical core in mEUCU. */
  milliEcuPerCore: z.int().min(1),
  /** Whether that figure is an estimate: neither a known CPU model nor calibrated. */
  milliEcuEstimated: z.boolean(),
  memoryMib: amount,
  diskGib: amount,
  /** Further countable resources that the driver found (GPUs, SR-IOV functions). */
  resources: ResourceAmountsSchema.default({}),
});
export type ComputeInventory = z.infer<typeof ComputeInventory>;

/** What a host's network offers guests, the reserve already taken off. */
export const NetworkInventory = z.strictObject({
  internalKbit: amount,
  externalKbit: amount,
  /** Its own address on the internal network, by which other hosts route to its guests. */
  internalAddress: z.ipv4().optional(),
});
export type NetworkInventory = z.infer<typeof NetworkInventory>;

/** A whole host. */
export const HostInventory = z.strictObject({
  ...ComputeInventory.shape,
  ...NetworkInventory.shape,
  /** `guestCores` × `milliEcuPerCore`. */
  milliEcu: amount,
  /** What the drivers can do, for the scheduler and for people. */
  capabilities: z.record(z.string(), z.boolean()),
});
export type HostInventory = z.infer<typeof HostInventory>;

/** An inventory as countable resources. */
export const resourcesOf = (inventory: HostInventory): Record<string, number> => ({
  ...inventory.resources,
  milliEcu: inventory.milliEcu,
  memoryMib: inventory.memoryMib,
  diskGib: inventory.diskGib,
  internalKbit: inventory.internalKbit,
  externalKbit: inventory.externalKbit,
});

/**
 * mEUCU of one physical core for the CPU models whose figure the unit's own definition gives (1 EUCU = 1/4 of an
 * E5-2650 core = 1/3 of a 6276 core); `undefined` for every other: it must be calibrated or stated.
 */
export function milliEcuPerCoreOf(cpuModel: string): number | undefined {
  if (/\bE5-2650\b(?! v\d)/.test(cpuModel)) return 4000;
  if (/\bOpteron\b.*\b6276\b/.test(cpuModel)) return 3000;
  return undefined;
}

/**
 * Host memory that a guest claims: what it sees, and its hypervisor's overhead of 64 MiB for QEMU's own heap and
 * devices, 8 MiB a vCPU for stacks and the monitor, and 1/256 of its memory for page tables of guest and host.
 */
export const memoryClaimMib = (guest: { readonly memoryMib: number; readonly vcpus: number }): number =>
  guest.memoryMib + 64 + 8 * guest.vcpus + Math.ceil(guest.memoryMib / 256);
