import { z } from "zod";
import type { ComputeCapabilities, ComputeDriver } from "./compute-driver.ts";
import type { GuestAdopter } from "./guest-adopter.ts";
import { BaseDisk, DiskKey } from "./guest.ts";
import type { GuestSpec } from "./guest.ts";

/** Optional: `ComputeCapabilities.pause`. */
export interface Pauser {
  /**
   * Halts the vCPUs of a running guest; its memory stays where it is. A paused one is left so.
   * @throws CloudHostError `CONFLICT` when it does not run
   */
  pause(guestId: string, signal?: AbortSignal): Promise<void>;
  /**
   * Lets a paused guest go on. A running one is left so.
   * @throws CloudHostError `CONFLICT` when it is stopped or suspended
   */
  unpause(guestId: string, signal?: AbortSignal): Promise<void>;
}

/** Optional: `ComputeCapabilities.suspend`. */
export interface Suspender {
  /**
   * Writes a running guest's memory to the host's disk and gives its power up: then it is `suspended`, and `start` lets
   * it go on where it was. `stop` throws the memory away. A suspended one is left so.
   * @throws CloudHostError `CONFLICT` when it does not run, `EXHAUSTED` when there is no room for its memory
   */
  suspend(guestId: string, signal?: AbortSignal): Promise<void>;
}

/** Optional: `ComputeCapabilities.liveResize`, `liveDisks`, `liveNics`: what of them is `true` may differ. */
export interface LiveChanger {
  /**
   * Changes a running guest to this specification without a restart. It is kept: the next start has it too. A data disk
   * that the specification has no more is deleted. One that is so already is left as it is.
   * @throws CloudHostError `UNSUPPORTED` when it differs in what takes a restart; then nothing was changed. `CONFLICT`
   * when it does not run
   */
  change(spec: GuestSpec, signal?: AbortSignal): Promise<void>;
}

/** A disk's own layer, as a file: what the guest wrote over its base, or the whole of a disk that has none. */
export const DiskLayer = z.strictObject({
  disk: DiskKey,
  /** Absolute path on the host. Opaque bytes to everybody but drivers of this kind. */
  path: BaseDisk.shape.path,
  /** Length of the file, holes included. */
  sizeBytes: z.int().min(0),
});
export type DiskLayer = z.infer<typeof DiskLayer>;

/**
 * Optional: `ComputeCapabilities.moveDisks`. A server changes its host by its own layers alone: the base is an image that
 * the other host gets, or has, by itself.
 */
export interface DiskMover {
  /**
   * The layers of a stopped guest. The files stay as they are until it is started, defined anew or removed.
   * @throws CloudHostError `CONFLICT` while it runs
   */
  layers(guestId: string, signal?: AbortSignal): Promise<readonly DiskLayer[]>;
  /**
   * Puts a layer of the same guest on another host in the place of this one's. Copies the file, which is left alone.
   * The guest is defined and stopped; it may be repeated.
   * @throws CloudHostError `CONFLICT` while it runs, `IMAGE_CORRUPT` for a file that is no such layer
   */
  putLayer(guestId: string, disk: DiskKey, file: BaseDisk, signal?: AbortSignal): Promise<void>;
}

/** Optional: `ComputeCapabilities.keepDisks`. All its disks at once, while it is stopped. */
export interface DiskKeeper {
  /**
   * Keeps a stopped guest's disks as they are now beside it, under an id; the same id again keeps what was kept first.
   * Gone with the guest.
   * @throws CloudHostError `CONFLICT` while it runs, `EXHAUSTED` when there is no room
   */
  keepDisks(guestId: string, keepId: string, signal?: AbortSignal): Promise<void>;
  /**
   * Gives a stopped guest the disks that were kept, sizes included: what was written since is gone. They stay kept.
   * @throws CloudHostError `CONFLICT` while it runs, `NOT_FOUND` for an id under which nothing is kept
   */
  restoreDisks(guestId: string, keepId: string, signal?: AbortSignal): Promise<void>;
  /** Lets go what was kept; an unknown id is gone already. */
  dropDisks(guestId: string, keepId: string): Promise<void>;
}

/** Optional: `ComputeCapabilities.consoleLog`. */
export interface ConsoleReader {
  /**
   * The end of what the guest has written to its serial console, of this run and of earlier ones.
   * @param mostBytes at most so much, 1 to 1,048,576
   */
  consoleLog(guestId: string, mostBytes: number, signal?: AbortSignal): Promise<string>;
}

/** Every optional interface of a compute driver. */
export type ComputeExtensions = Pauser &
  Suspender &
  LiveChanger &
  DiskMover &
  DiskKeeper &
  ConsoleReader &
  GuestAdopter;

/** The capabilities of a driver that has no optional interface: `{ ...noExtensions, pause: true }` has one. */
export const noExtensions = {
  rescue: false,
  pause: false,
  suspend: false,
  liveResize: false,
  liveDisks: false,
  liveNics: false,
  moveDisks: false,
  keepDisks: false,
  consoleLog: false,
  adopt: false,
} as const satisfies Partial<ComputeCapabilities>;

/** A compute driver with what optional interfaces it has. */
export type ExtendedComputeDriver = ComputeDriver & Partial<ComputeExtensions>;

/** Which methods each capability stands for: all of them are there, or none. */
export const extensionMethods = {
  pause: ["pause", "unpause"],
  suspend: ["suspend"],
  liveResize: ["change"],
  liveDisks: ["change"],
  liveNics: ["change"],
  moveDisks: ["layers", "putLayer"],
  keepDisks: ["keepDisks", "restoreDisks", "dropDisks"],
  consoleLog: ["consoleLog"],
  adopt: ["strangers", "adopt", "disown"],
} as const satisfies Partial<Record<keyof ComputeCapabilities, readonly (keyof ComputeExtensions)[]>>;
