import { GuestSpec } from "@cloudhost/core/ports";
import { z } from "zod";
import { GuestUse } from "./use.ts";

const count = z.int().min(0);

/** What the host's kernel holds a running guest to, as the driver set it. */
export const FakeCpuBudget = z.strictObject({ shares: count, periodUs: count, quotaUsPerVcpu: count });

/** A picture of a disk: being written, or whole. */
const Picture = z.enum(["freezing", "frozen"]);

/** A guest as the fake host knows it. */
export const FakeGuest = z.strictObject({
  spec: GuestSpec,
  power: z.enum(["running", "stopped"]),
  /** How often its OS began to boot since it was defined. */
  boots: count,
  /** When the newest of those boots began; 0 before the first. */
  bootAtMs: count,
  /** The command that last rebooted it. */
  lastReboot: z.string().nullable(),
  /** While it runs. */
  cpu: FakeCpuBudget.nullable(),
  use: GuestUse,
  /** Pictures of its system disk by the snapshot's id. */
  pictures: z.record(z.string(), Picture),
  /** Logical size of its base image. */
  baseBytes: count,
  /** Counts the bases it was given: another base is another system disk. */
  diskGeneration: count,
});
export type FakeGuest = z.infer<typeof FakeGuest>;
