import { BaseDisk, GuestDisk, GuestSpec, GuestState, StrangerGuest } from "@cloudhost/core/ports";
import { z } from "zod";
import { GuestUse } from "./use.ts";

const count = z.int().min(0);

/** What the host's kernel holds a running guest to, as the driver set it. */
export const FakeCpuBudget = z.strictObject({ shares: count, periodUs: count, quotaUsPerVcpu: count });

/** A picture of a disk: being written, or whole. */
const Picture = z.enum(["freezing", "frozen"]);

/** What was kept of a guest's disks, to go back to. */
const Kept = z.strictObject({ base: BaseDisk, baseBytes: count, disks: z.array(GuestDisk) });

/** What happened to a guest's serial console, and when. */
export const ConsoleEvent = z.strictObject({
  /** `booted`: its OS begins to boot; `shutDown` and `restarting`: it was asked to end; `cut`: its power went. */
  kind: z.enum(["booted", "shutDown", "restarting", "cut"]),
  atMs: count,
});
export type ConsoleEvent = z.infer<typeof ConsoleEvent>;

/** A guest as the fake host knows it. */
export const FakeGuest = z.strictObject({
  spec: GuestSpec,
  power: GuestState.shape.power,
  /** How often its OS began to boot since it was defined. */
  boots: count,
  /** When the newest of those boots began, later by what it stood still since; 0 before the first. */
  bootAtMs: count,
  /** The command that last rebooted it. */
  lastReboot: z.string().nullable(),
  /** While it runs or is paused. */
  cpu: FakeCpuBudget.nullable(),
  use: GuestUse,
  /** Pictures of its system disk by the snapshot's id. */
  pictures: z.record(z.string(), Picture),
  /** Logical size of its base image. */
  baseBytes: count,
  /** Of the image that it boots from to be rescued. */
  rescueBytes: count.nullable(),
  /** Number of each disk's layer by its key, 0 when missing: another base, or what was kept, is another layer. */
  layers: z.record(z.string(), count),
  /** Writes before this one went into an earlier layer. */
  writesFrom: count,
  /** What is kept of its disks, by the id it is kept under. */
  kept: z.record(z.string(), Kept),
  /** The newest, the oldest first. */
  console: z.array(ConsoleEvent),
  /** What it was before it was adopted. Its disk is its base then, and what it wrote since is over it. */
  adopted: StrangerGuest.optional(),
});
export type FakeGuest = z.infer<typeof FakeGuest>;
