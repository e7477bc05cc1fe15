import { z } from "zod";
import { idOf } from "../../ids.ts";
import { GuestPlan } from "../guest-spec.ts";
import { ClaimPlan } from "./claim-plan.ts";

/** What a server's row says of its size: the flavor's values, and the bandwidth that follows from them. */
export const SizeColumns = z.strictObject({
  flavor: z.string(),
  vcpus: z.int(),
  milli_ecu_per_vcpu: z.int(),
  memory_mib: z.int(),
  system_disk_gib: z.int(),
  ephemeral_disk_gib: z.int(),
  /** Declared countable resources, as JSON. */
  resources: z.string(),
  internal_rate_kbit: z.int(),
  internal_ceil_kbit: z.int(),
  external_rate_kbit: z.int(),
  external_ceil_kbit: z.int(),
});
export type SizeColumns = z.infer<typeof SizeColumns>;

/** A server in one size: its guest, its claim, its row. */
export const ServerSize = z.strictObject({ guest: GuestPlan, claim: ClaimPlan, columns: SizeColumns });
export type ServerSize = z.infer<typeof ServerSize>;

/** Whether it runs when all is done, as it did before. */
export const Power = z.enum(["active", "stopped"]);

/**
 * A resize that is neither confirmed nor reverted: kept with the server. On the host that it was on, its disks are kept
 * as they were; from another, its guest is still there, stopped.
 */
export const PendingResize = z.strictObject({
  before: ServerSize,
  after: ServerSize,
  power: Power,
  hostId: idOf("hst"),
  way: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sameHost"), keepId: idOf("snp") }),
    z.strictObject({ kind: z.literal("otherHost"), sourceId: idOf("hst"), nicIds: z.array(idOf("nic")) }),
  ]),
});
export type PendingResize = z.infer<typeof PendingResize>;

/** How long a guest's OS gets to shut down before it is resized or moved, in milliseconds. */
export const graceMs = 60_000;
