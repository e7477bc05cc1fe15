import type { HostView, PlacementRequest } from "@cloudhost/core/ports";
import * as fc from "fast-check";
import { hostView, placementRequest } from "./fixtures.ts";

/** Mostly the first, now and then another. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4 * others.length, arbitrary: fc.constant(usual) }, ...others.map((other) => fc.constant(other)));

const idOf = (number: number): string => `hst_host-${number}`;
/** Of the twenty hosts that there may be. */
export const hostNumber: fc.Arbitrary<number> = fc.integer({ min: 1, max: 20 });
const total = { milliEcu: 8000, memoryMib: 8, diskGib: 8, internalKbit: 8, externalKbit: 4 };

/** Amounts so small that hosts are often just full, just fit, or alike. */
const amounts = (of: Readonly<Record<keyof typeof total, number>>) => ({
  milliEcu: fc.integer({ min: 0, max: of.milliEcu / 1000 }).map((ecu) => ecu * 1000),
  memoryMib: fc.integer({ min: 0, max: of.memoryMib }),
  diskGib: fc.integer({ min: 0, max: of.diskGib }),
  internalKbit: fc.integer({ min: 0, max: of.internalKbit }),
  externalKbit: fc.integer({ min: 0, max: of.externalKbit }),
});
const gpu = fc.integer({ min: 0, max: 2 });

/** One of twenty hosts, of which any may be down, full, of another kind, or with GPUs. */
export const arbitraryHost: fc.Arbitrary<HostView> = fc
  .record({
    number: hostNumber,
    zone: fc.constantFrom("az-1", "az-2"),
    state: mostly<HostView["state"]>("up", "suspect", "down"),
    enabled: mostly(true, false),
    free: fc.oneof(fc.record(amounts(total)), fc.record({ ...amounts(total), gpu })),
    guestCores: fc.integer({ min: 1, max: 8 }),
    milliEcuPerCore: fc.constantFrom(3000, 4000),
    architecture: mostly("x86_64", "aarch64"),
    hypervisor: mostly("kvm", "lxc"),
    capabilities: mostly<Record<string, boolean>>({}, { suspend: true }, { suspend: false }),
    cpuModel: mostly("E5-2650", "Opteron 6276"),
    properties: mostly<Record<string, string[]>>({}, { ssd: ["true"] }, { ssd: ["false", "true"], rack: ["r1"] }),
  })
  .map(({ number, ...fields }) => hostView(`host-${number}`, { ...fields, total }));

/** A fleet: each host once. */
export const arbitraryHosts: fc.Arbitrary<HostView[]> = fc.uniqueArray(arbitraryHost, {
  selector: ({ id }) => id,
  size: "+1",
});

const arbitraryGroup = fc.record({
  name: fc.constantFrom("db", "web"),
  policy: fc.constantFrom("affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"),
  hostIds: fc.array(hostNumber.map(idOf)),
});

const needs = amounts({ milliEcu: 3000, memoryMib: 3, diskGib: 3, internalKbit: 3, externalKbit: 1 });

/** A request that some of those hosts can take, or none. */
export const arbitraryRequest: fc.Arbitrary<PlacementRequest> = fc
  .record({
    seed: fc.string(),
    vcpus: fc.integer({ min: 1, max: 4 }),
    milliEcuPerVcpu: mostly(1000, 3000, 4000),
    zone: mostly(undefined, "az-1", "az-2"),
    requires: mostly<Record<string, string>>(
      {},
      { ssd: "true" },
      { rack: "r1", ssd: "false" },
      { "host.suspend": "true" },
      { "host.cpuModel": "Opteron 6276", ssd: "true" },
    ),
    groups: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, fc.array(arbitraryGroup, { maxLength: 2 })),
    image: fc.record({
      architecture: mostly(undefined, "x86_64", "aarch64"),
      hypervisor: mostly(undefined, "kvm", "lxc"),
    }),
    resources: fc.oneof({ weight: 3, arbitrary: fc.record(needs) }, fc.record({ ...needs, gpu })),
  })
  .map((fields) => placementRequest(fields));
