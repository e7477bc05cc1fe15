import { z } from "zod";
import { BaseDisk, GuestNic, GuestSpec, GuestState } from "./guest.ts";

const count = z.int().min(1);

/** A disk of a guest that is not ours, in the order in which its guest sees them. */
export const StrangerDisk = z.strictObject({
  /** Absolute path on the host. */
  path: BaseDisk.shape.path,
  /** As the hypervisor names it: `raw`, `qcow2`, … */
  format: z.string().min(1).max(63),
  /** What it may grow to, rounded up. */
  sizeGib: count,
});
export type StrangerDisk = z.infer<typeof StrangerDisk>;

/** A guest of the hypervisor that is not ours. It is shown to operators, and never touched unless one adopts it. */
export const StrangerGuest = z.strictObject({
  /** By which the hypervisor knows it, never given twice on a host: a domain's UUID. */
  key: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9._-]+$/, "not the key of a guest"),
  /** For people, in the hypervisor's own tools. */
  name: z.string().max(255),
  power: GuestState.shape.power,
  vcpus: count,
  memoryMib: count,
  /** Those that can be written. Its first is the system disk once it is adopted. */
  disks: z.array(StrangerDisk),
  /** MAC addresses of its network interfaces. */
  macs: z.array(GuestNic.shape.mac),
  /** Why it cannot be adopted even while it is stopped: a disk on a network, a device passed through. */
  obstacle: z.string().min(1).max(1000).nullable(),
});
export type StrangerGuest = z.infer<typeof StrangerGuest>;

/** What a stranger becomes. Its disks are not told: they stay as and where they are. */
export const AdoptGuest = z.strictObject({
  /** {@link StrangerGuest} `key`. */
  key: StrangerGuest.shape.key,
  ...GuestSpec.pick({ id: true, name: true, vcpus: true, milliEcuPerVcpu: true, memoryMib: true, nics: true }).shape,
});
export type AdoptGuest = z.infer<typeof AdoptGuest>;

/**
 * Optional: `ComputeCapabilities.adopt`. Guests that came onto the host by other ways than ours.
 *
 * An adopted guest is a guest like any other: `list` has it, `start` starts it under its CPU budget, `remove` removes
 * its disks too. It has no base. `define` with a specification makes it an ordinary one: its first disk then goes, as at
 * a change of the base.
 */
export interface GuestAdopter {
  /** Every guest on this host that is not ours. */
  strangers(signal?: AbortSignal): AsyncIterable<StrangerGuest>;
  /**
   * Makes a stopped stranger a guest of ours with this id, vCPUs, memory and network interfaces in the place of its own,
   * and leaves it stopped. One that was adopted under this id is left as it is.
   * @throws CloudHostError `NOT_FOUND` when there is no such stranger, `CONFLICT` while it is not stopped or there is an
   * obstacle
   */
  adopt(guest: AdoptGuest, signal?: AbortSignal): Promise<void>;
  /**
   * Takes {@link GuestAdopter.adopt} back: it is a stranger again, stopped, as it was, its disks untouched. An unknown
   * guest, or one that was never a stranger, is left alone.
   */
  disown(guestId: string, signal?: AbortSignal): Promise<void>;
}
