import { CreateFlavor, HostConfig, VirtualClock, parseInput } from "@cloudhost/core";
import type { Clock, CloudOptions } from "@cloudhost/core";
import { BusFaults } from "@cloudhost/core/agent";
import { fakeFleet } from "@cloudhost/driver-fake";
import { z } from "zod";
import { processSeed } from "./seed.ts";

/** What of a cloud's own options a test cloud takes too. */
type CloudsOwn = Pick<
  CloudOptions,
  | "container"
  | "policy"
  | "projectRoles"
  | "quotas"
  | "resources"
  | "network"
  | "logger"
  | "leaseMs"
  | "timeoutsMs"
  | "heartbeatMs"
  | "concurrency"
  | "eventsKeptMs"
  | "drift"
  | "notifiers"
  | "webhooks"
  | "restoreMs"
  | "rescueImage"
  | "drainMs"
> &
  Partial<Pick<CloudOptions, "scheduler" | "images" | "fence">>;

/**
 * How a test cloud differs from the usual one. Everything has a default. Each test cloud needs a `container` of its own,
 * in which clock, ids and bus are the test cloud's.
 */
export interface TestCloudOptions<TheClock extends Clock = VirtualClock> extends CloudsOwn {
  /**
   * How many fake hosts, or which: what `fakeFleet()` and `fakeHost()` return.
   * @defaultValue 3: two E5-2650 with 1 Gb/s and two Opteron 6276 with 10 Gb/s by turns, called `host-1`, `host-2`, …
   */
  readonly hosts?: number | readonly HostConfig[];
  /** Availability zones that hosts, where only their number is given, are in by turns. @defaultValue `["az-1"]` */
  readonly zones?: readonly string[];
  /** Flavors besides `c1.e1`, `c2.e4` and `c8.e32`. */
  readonly flavors?: readonly CreateFlavor[];
  /** Names of projects besides `album`. */
  readonly projects?: readonly string[];
  /**
   * Decides what becomes of each message between cloud and hosts and, with the virtual clock, what ids there are: the
   * same calls, one after another, go the same way again.
   * @defaultValue the environment's `CLOUDHOST_SEED`; without it one is drawn for the whole process, and printed
   */
  readonly seed?: number;
  /**
   * How the bus between cloud and hosts misbehaves; `{}` for not at all.
   * @defaultValue `{ drop: 0.05, repeat: 0.05, delayMs: 20, reorder: 0.1 }`
   */
  readonly busFaults?: Omit<BusFaults, "seed">;
  /** A virtual one that the test has made, or `systemClock()`. @defaultValue a virtual one that begins with the year 2026 */
  readonly clock?: TheClock;
  /**
   * `postgres://…`: the cloud is in a schema of its own there, which is dropped at the end. The package `pg` is needed.
   * @defaultValue SQLite, in a temporary folder
   */
  readonly database?: string;
  /**
   * Whether the cloud makes a schema of its own in the `database`. Without, it uses the database as it is and leaves it
   * so: one cloud each. Given a copy of a migrated database each time, clouds open in half the time.
   * @defaultValue `true`
   */
  readonly ownSchema?: boolean;
}

const OwnOptions = z.strictObject({
  hosts: z.union([z.int().min(1).max(1000), z.array(HostConfig).min(1)]).default(3),
  zones: z.array(z.string()).min(1).default(["az-1"]),
  flavors: z.array(CreateFlavor).default([]),
  projects: z.array(z.string()).default([]),
  seed: z.int().optional(),
  busFaults: BusFaults.omit({ seed: true }).default({ drop: 0.05, repeat: 0.05, delayMs: 20, reorder: 0.1 }),
  database: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "not postgres://…")
    .optional(),
  ownSchema: z.boolean().default(true),
});

export type TestCloudSettings = z.output<typeof OwnOptions>;

/**
 * The options with their defaults; `cloud` has those that are a cloud's own, which checks them itself.
 * @throws CloudHostError `INVALID_ARGUMENT`
 */
export function settingsOf<TheClock extends Clock>(options: TestCloudOptions<TheClock>) {
  const { clock, hosts, zones, flavors, projects, seed, busFaults, database, ownSchema, ...cloud } = options;
  const own = { hosts, zones, flavors, projects, seed, busFaults, database, ownSchema };
  const checked = parseInput(OwnOptions, own, "a test cloud's options");
  return {
    ...checked,
    hosts:
      typeof checked.hosts === "number" ? fakeFleet({ hosts: checked.hosts, zones: checked.zones }) : checked.hosts,
    seed: checked.seed ?? processSeed(),
    clock: clock ?? (new VirtualClock() as Clock as TheClock),
    cloud,
  };
}
