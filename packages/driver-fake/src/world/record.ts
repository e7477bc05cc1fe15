import { GuestSpec, HostBinding, NetworkChange, TenantMember } from "@cloudhost/core/ports";
import { z } from "zod";
import { FakeCpuBudget, FakeGuest } from "./guest.ts";

const atMs = z.int().min(0);
const guestId = z.string();
const snapshotId = z.string();

/** Of the records' format. A newer one is refused. */
export const recordVersion = 1;

/** What happens to a host's world: one line of its journal, written before it is done. */
export const WorldRecord = z.discriminatedUnion("kind", [
  /** All there is: begins a journal, and stands for the records that were before it. */
  z.strictObject({
    kind: z.literal("world"),
    version: z.literal(recordVersion),
    guests: z.array(FakeGuest),
    bindings: z.array(HostBinding),
    members: z.array(TenantMember),
    networkWrites: z.int().min(0),
  }),
  z.strictObject({ kind: z.literal("defined"), spec: GuestSpec, baseBytes: z.int().min(0) }),
  z.strictObject({ kind: z.literal("started"), guestId, atMs, cpu: FakeCpuBudget }),
  z.strictObject({ kind: z.literal("stopped"), guestId, atMs }),
  z.strictObject({ kind: z.literal("rebooted"), guestId, atMs, cpu: FakeCpuBudget, commandId: z.string() }),
  z.strictObject({ kind: z.literal("resized"), spec: GuestSpec, atMs, cpu: FakeCpuBudget }),
  z.strictObject({ kind: z.literal("freezing"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("frozen"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("released"), guestId, snapshotId }),
  z.strictObject({ kind: z.literal("removed"), guestId }),
  z.strictObject({ kind: z.literal("network"), atMs, changes: z.array(NetworkChange) }),
]);
export type WorldRecord = z.infer<typeof WorldRecord>;
