import {
  AdoptGuest,
  DiskKey,
  GuestSpec,
  HostBinding,
  NetworkChange,
  StrangerGuest,
  TenantMember,
} from "@cloudhost/core/ports";
import { z } from "zod";
import { FakeCpuBudget, FakeGuest } from "./guest.ts";

const atMs = z.int().min(0);
const guestId = z.string();
const snapshotId = z.string();
const keepId = z.string();
/** Whether its OS had the time to shut down. */
const clean = z.boolean();

/** Of the records' format. A newer one is refused. */
export const recordVersion = 2;

/** What happens to a host's world: one line of its journal, written before it is done. */
export const WorldRecord = z.discriminatedUnion("kind", [
  /** All there is: begins a journal, and stands for the records that were before it. */
  z.strictObject({
    kind: z.literal("world"),
    version: z.literal(recordVersion),
    guests: z.array(FakeGuest),
    strangers: z.array(StrangerGuest).default([]),
    bindings: z.array(HostBinding),
    members: z.array(TenantMember),
    networkWrites: z.int().min(0),
  }),
  z.strictObject({
    kind: z.literal("defined"),
    spec: GuestSpec,
    baseBytes: z.int().min(0),
    rescueBytes: z.int().min(0).nullable(),
  }),
  z.strictObject({ kind: z.literal("started"), guestId, atMs, cpu: FakeCpuBudget }),
  z.strictObject({ kind: z.literal("stopped"), guestId, atMs, clean }),
  z.strictObject({ kind: z.literal("rebooted"), guestId, atMs, cpu: FakeCpuBudget, commandId: z.string(), clean }),
  z.strictObject({ kind: z.literal("paused"), guestId, atMs }),
  z.strictObject({ kind: z.literal("unpaused"), guestId, atMs }),
  z.strictObject({ kind: z.literal("suspended"), guestId, atMs }),
  z.strictObject({ kind: z.literal("resumed"), guestId, atMs, cpu: FakeCpuBudget }),
  z.strictObject({ kind: z.literal("changed"), spec: GuestSpec, atMs, cpu: FakeCpuBudget }),
  /** Another host's layer is in the place of this disk's. */
  z.strictObject({ kind: z.literal("layered"), guestId, disk: DiskKey }),
  z.strictObject({ kind: z.literal("kept"), guestId, keepId }),
  z.strictObject({ kind: z.literal("restored"), guestId, keepId }),
  z.strictObject({ kind: z.literal("dropped"), guestId, keepId }),
  z.strictObject({ kind: z.literal("freezing"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("frozen"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("released"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("removed"), guestId }),
  /** Somebody made a guest past the driver. */
  z.strictObject({ kind: z.literal("stranger"), stranger: StrangerGuest }),
  z.strictObject({ kind: z.literal("adopted"), guest: AdoptGuest, atMs, cpu: FakeCpuBudget }),
  z.strictObject({ kind: z.literal("disowned"), guestId }),
  z.strictObject({ kind: z.literal("network"), atMs, changes: z.array(NetworkChange) }),
]);
export type WorldRecord = z.infer<typeof WorldRecord>;
