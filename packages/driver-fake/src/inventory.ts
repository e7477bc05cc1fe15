import { milliEcuPerCoreOf } from "@cloudhost/core/ports";
import type { ComputeInventory, HostReserve, NetworkInventory } from "@cloudhost/core/ports";
import type { FakeHostOptions } from "./options.ts";

/** What the host's hardware offers guests when it has kept its reserve. */
export function computeInventory(options: FakeHostOptions, reserve: HostReserve): ComputeInventory {
  const { cpu, memoryMib, diskGib, resources } = options;
  const known = milliEcuPerCoreOf(cpu.model);
  return {
    cpuModel: cpu.model,
    architecture: "x86_64",
    hypervisor: "fake",
    guestCores: left(cpu.cores, reserve.cores),
    // One of the two is there: the options' schema saw to it.
    milliEcuPerCore: cpu.milliEcuPerCore ?? known ?? 1,
    milliEcuEstimated: known === undefined,
    memoryMib: left(memoryMib, reserve.memoryMib),
    diskGib: left(diskGib, reserve.diskGib),
    resources: { ...resources },
  };
}

/** What the host's uplinks offer guests when it has kept its reserve; without shaping nothing can be promised. */
export function networkInventory(options: FakeHostOptions, reserve: HostReserve): NetworkInventory {
  const { internalKbit, externalKbit, internalAddress, capabilities } = options;
  const offered = (linkKbit: number, reserveKbit: number): number =>
    capabilities.shaping ? left(linkKbit, reserveKbit) : 0;
  return {
    internalKbit: offered(internalKbit, reserve.internalKbit),
    externalKbit: offered(externalKbit, reserve.externalKbit),
    ...(internalAddress === undefined ? {} : { internalAddress }),
  };
}

const left = (amount: number, reserved: number): number => Math.max(0, amount - reserved);
