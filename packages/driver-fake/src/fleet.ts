import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { host, parseInput } from "@cloudhost/core/ports";
import type { DriverConfig, HostConfig } from "@cloudhost/core/ports";
import { z } from "zod";
import { computeModuleUrl } from "./compute-module.ts";
import { networkModuleUrl } from "./network-module.ts";
import { FakeCpu, FakeHostOptions, opteron6276, xeonE52650 } from "./options.ts";

/** A fake host, all but its name with a default. */
const FakeHostInput = z.strictObject({
  ...FakeHostOptions.shape,
  world: FakeHostOptions.shape.world.optional(),
  /** Made absolute. */
  state: z.string().min(1).optional(),
  cpu: FakeCpu.default(xeonE52650),
  memoryMib: FakeHostOptions.shape.memoryMib.default(65_536),
  diskGib: FakeHostOptions.shape.diskGib.default(1000),
  internalKbit: FakeHostOptions.shape.internalKbit.default(1_000_000),
  externalKbit: FakeHostOptions.shape.externalKbit.default(1_000_000),
  name: z.string(),
  zone: z.string().default("az-1"),
  /** What the host keeps for itself, where the usual is not wanted. */
  reserve: z.record(z.string(), z.int().min(0)).default({}),
});
/** What {@link fakeHost} takes. */
export type FakeHostInput = z.input<typeof FakeHostInput>;

const oneOrMore = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).min(1);

/** A fleet of fake hosts; lists are gone round. */
const FakeFleetInput = z.strictObject({
  ...FakeHostInput.omit({ name: true, zone: true, cpu: true, internalKbit: true, internalAddress: true }).shape,
  /** How many. */
  hosts: z.int().min(1).max(5000).default(3),
  /** Their availability zones. */
  zones: oneOrMore(z.string()).default(["az-1"]),
  /** Hosts are called so, with a number from 1 behind it. */
  namePrefix: z.string().default("host-"),
  cpuModels: oneOrMore(FakeCpu).default([xeonE52650, opteron6276]),
  /** Of the uplinks to the other hosts: 1 and 10 Gb/s. */
  linkKbit: oneOrMore(FakeHostOptions.shape.internalKbit).default([1_000_000, 10_000_000]),
});
/** What {@link fakeFleet} takes. */
export type FakeFleetInput = z.input<typeof FakeFleetInput>;

/**
 * A fake host's configuration.
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * fakeHost({ name: "host-1", zone: "az-1", bootMs: 500 });
 */
export function fakeHost(input: FakeHostInput): HostConfig {
  const { name, zone, reserve, ...rest } = parseInput(FakeHostInput, input, "a fake host");
  const state = rest.state === undefined ? undefined : resolve(rest.state);
  const options = asJson({ ...rest, state, world: rest.world ?? state ?? newWorldName() });
  return host({
    name,
    zone,
    reserve,
    compute: { module: computeModuleUrl, options },
    network: { module: networkModuleUrl, options },
  });
}

/**
 * Fake hosts for a laptop, a demonstration or a test. By default they take turns at being two Intel E5-2650 with
 * 1 Gb/s and two AMD Opteron 6276 with 10 Gb/s, in each zone both. With `state` their worlds are kept in that folder,
 * else in memory until their drivers close.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * const cloud = await createCloud({ hosts: fakeFleet({ hosts: 3, zones: ["az-1", "az-2"] }) });
 */
export function fakeFleet(input: FakeFleetInput = {}): HostConfig[] {
  const parsed = parseInput(FakeFleetInput, input, "a fake fleet");
  const { hosts, zones, namePrefix, cpuModels, linkKbit, ...shared } = parsed;
  const world = shared.world ?? (shared.state === undefined ? newWorldName() : resolve(shared.state));
  return Array.from({ length: hosts }, (_, index) => {
    // Neighbours in the list differ, and so do neighbours in a zone.
    const kind = (index % zones.length) + Math.floor(index / zones.length);
    return fakeHost({
      ...shared,
      world,
      name: `${namePrefix}${index + 1}`,
      zone: turn(zones, index),
      cpu: turn(cpuModels, kind),
      internalKbit: turn(linkKbit, kind),
      internalAddress: addressOf(index),
    });
  });
}

/**
 * The fleet of a private cloud whose operations page was published: twelve hosts of two E5-2650, of which guests get
 * 60 EUCU, 64,600 MiB, 687 GiB, 500 Mb/s internal and 250 Mb/s external each; 720 EUCU in all.
 */
export const referenceFleet = (
  input: Pick<FakeFleetInput, "zones" | "state" | "world" | "namePrefix" | "bootMs"> = {},
): HostConfig[] =>
  fakeFleet({
    zones: ["az-1", "az-2"],
    ...input,
    hosts: 12,
    cpuModels: [xeonE52650],
    memoryMib: 64_600 + 2048,
    diskGib: 687 + 20,
    linkKbit: [600_000],
    externalKbit: 250_000,
    reserve: { cores: 1, memoryMib: 2048, diskGib: 20, internalKbit: 100_000, externalKbit: 0 },
  });

/** Two fleets of one process are two worlds. */
const newWorldName = (): string => `memory-${randomUUID()}`;

/** What is `undefined` is left out. */
const asJson = (options: FakeHostOptions): DriverConfig["options"] =>
  JSON.parse(JSON.stringify(options)) as DriverConfig["options"];

function turn<T>(items: readonly T[], index: number): T {
  // The schemas ask for one item at least.
  return items[index % items.length] as T;
}

/** From 198.18.0.0/15, which is set aside for trials of networks. */
const addressOf = (index: number): string => `198.18.${(index + 1) >> 8}.${(index + 1) & 0xff}`;
