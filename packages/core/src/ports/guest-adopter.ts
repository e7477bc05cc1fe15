import { z } from "zod";
import { BaseDisk, GuestNic, GuestSpec, GuestState } from "./guest.ts";

const count = z.int().min(1);
const forPeople = z.string().max(1000);

/** A disk of a guest that is not ours, in the order in which its guest sees them. */
export const StrangerDisk = z.strictObject({
  /** A path or an address on the host, as the hypervisor has it. */
  source: z.string().max(4096),
  /** As the hypervisor names it: `raw`, `qcow2`, … */
  format: z.string().min(1).max(63),
  /** What it may grow to, rounded up; 0 where that cannot be told. */
  sizeGib: z.int().min(0),
  /** Files below it, the nearest first: it reads what it does not hold itself from them. */
  backing: z.array(BaseDisk.shape.path),
});
export type StrangerDisk = z.infer<typeof StrangerDisk>;

/** A network interface of a guest that is not ours. */
export const StrangerNic = z.strictObject({
  mac: GuestNic.shape.mac,
  /** What it is on, for people: `bridge br0`. Empty for nothing. */
  on: forPeople,
});
export type StrangerNic = z.infer<typeof StrangerNic>;

/**
 * Why a guest cannot be adopted, whatever its power:
 *
 * - `no-disk`, `several-disks`: it has none that it can write to, or more than the one that is its system disk;
 * - `disk-not-a-file`: a block device, a pool's volume, a disk on a network;
 * - `disk-format`: a file that is neither raw nor qcow2;
 * - `disk-missing`: a file that cannot be read, or one below it;
 * - `disk-shared`: another guest has the same file, or it may be shared;
 * - `device-passthrough`: it has a device of the host for itself;
 * - `transient`: the hypervisor forgets it when it stops;
 * - `other-cloud`: it is a guest of another host's driver, or of another version of ours.
 */
export const ObstacleReason = z.enum([
  "no-disk",
  "several-disks",
  "disk-not-a-file",
  "disk-format",
  "disk-missing",
  "disk-shared",
  "device-passthrough",
  "transient",
  "other-cloud",
]);
export type ObstacleReason = z.infer<typeof ObstacleReason>;

/** A reason with what it is about. */
export const AdoptionObstacle = z.strictObject({ reason: ObstacleReason, detail: forPeople });
export type AdoptionObstacle = z.infer<typeof AdoptionObstacle>;

/** A guest of the hypervisor that is not ours. It is shown to operators, and never touched unless one adopts it. */
export const StrangerGuest = z.strictObject({
  /** By which the hypervisor knows it, never given twice on a host: a domain's UUID. */
  key: z
    .string()
    .max(40)
    .regex(/^[A-Za-z0-9._-]+$/, "not the key of a guest"),
  /** For people, in the hypervisor's own tools. */
  name: z.string().min(1).max(255),
  power: GuestState.shape.power,
  /** Those that it may have at most. */
  vcpus: count,
  /** What it may have at most, rounded up. */
  memoryMib: count,
  /** As the hypervisor names it: `x86_64`. */
  architecture: forPeople,
  /** Kind of machine, as the hypervisor names it; empty where it has none. */
  machine: forPeople,
  /** Those that can be written. The only one is the system disk once it is adopted. */
  disks: z.array(StrangerDisk),
  nics: z.array(StrangerNic),
  /** What keeps it from being adopted; none: it can be. */
  obstacles: z.array(AdoptionObstacle),
});
export type StrangerGuest = z.infer<typeof StrangerGuest>;

/** What a stranger becomes. Its disk is not told: it stays as and where it is. */
export const AdoptGuest = z.strictObject({
  /** {@link StrangerGuest} `key`. */
  key: StrangerGuest.shape.key,
  ...GuestSpec.pick({ id: true, milliEcuPerVcpu: true, nics: true }).shape,
  /** At least what it has: it keeps the vCPUs that it has. */
  vcpus: GuestSpec.shape.vcpus,
  /** At least what it has: it keeps the memory that it has. */
  memoryMib: GuestSpec.shape.memoryMib,
});
export type AdoptGuest = z.infer<typeof AdoptGuest>;

/**
 * Optional: `ComputeCapabilities.adopt`. Guests that came onto the host by other ways than ours.
 *
 * An adopted guest is in `list` and `get` with its new id, and its power is changed like any other's; whether its OS has
 * booted is `unknown`. `remove` removes its disk too, but no file below that one. It has no base: a change of its
 * specification or of its disks is refused (`define` with `CONFLICT`; `change`, `layers`, `putLayer` and those of
 * `DiskKeeper` with `UNSUPPORTED`; a driver may refuse `freezeDisk` so too), and after `remove` its id can be defined anew.
 */
export interface GuestAdopter {
  /** Every guest on this host that is not ours. */
  strangers(signal?: AbortSignal): AsyncIterable<StrangerGuest>;
  /**
   * Makes a stranger a guest of ours with this id, whether it runs or not: it goes on as it is, held to its CPU budget
   * from now on, on the guests' cores. Its vCPUs, memory, disk and name stay. Without interfaces it keeps its own; with
   * some they take the place of its own, which needs it stopped. One that was adopted under this id is left as it is.
   * @throws CloudHostError `NOT_FOUND` when there is no such stranger, `UNSUPPORTED` where there is an obstacle,
   * `CONFLICT` when it has more vCPUs or memory than it is to have, is to get interfaces while it is not stopped, or is
   * suspended where the driver cannot change what it goes on with
   */
  adopt(guest: AdoptGuest, signal?: AbortSignal): Promise<void>;
  /**
   * Takes {@link GuestAdopter.adopt} back: it is a stranger again, as it was but for its power, its disk untouched. An
   * unknown guest, or one that was never a stranger, is left alone.
   */
  disown(guestId: string, signal?: AbortSignal): Promise<void>;
}
