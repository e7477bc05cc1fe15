import type { DiskSource, GuestSpec, GuestState } from "./guest.ts";
import type { ComputeInventory } from "./host.ts";

/**
 * Runs guests on one host. One instance a host, opened and probed by its {@link DriverModule}. Every method is
 * idempotent by the guest's id and may be repeated after a crash without harm; where a thing has a state, the whole
 * state is given. Host-local: what crosses a bus is the agent's commands, not these calls.
 *
 * Differences between hypervisors are told by {@link ComputeDriver.capabilities}, never by a driver's name;
 * what only some can do is in a small interface of its own, such as `Pauser` or `DiskMover`.
 * Prove an implementation with `describeComputeDriver` from `@cloudhost/conformance`.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` when the hypervisor cannot be reached (retryable),
 * `GUEST_NOT_FOUND` for an unknown id where the method needs one, `CANCELLED` when the signal fires.
 */
export interface ComputeDriver extends AsyncDisposable {
  readonly capabilities: ComputeCapabilities;

  /** What this host has for guests, its reserve taken off. Cheap enough for every minute. */
  inventory(signal?: AbortSignal): Promise<ComputeInventory>;

  /**
   * Makes the guest exist as specified. A new one is stopped; one that is already so is left as it is, running or not.
   * @throws CloudHostError `CONFLICT` when it runs with another specification
   */
  define(spec: GuestSpec, signal?: AbortSignal): Promise<void>;

  /** Starts it, or leaves it running. Resolves when the hypervisor runs it: the guest's OS may still boot. */
  start(guestId: string, signal?: AbortSignal): Promise<void>;

  /**
   * Stops it and resolves when it is stopped.
   * @param graceMs how long its OS may take before the power is cut; 0 cuts at once
   */
  stop(guestId: string, graceMs: number, signal?: AbortSignal): Promise<void>;

  /**
   * Restarts its OS; after `graceMs` the power is cut and given again. One that is stopped is started.
   * @param commandId kept with the guest: a repeat of the same command does not reboot twice
   */
  reboot(guestId: string, commandId: string, graceMs: number, signal?: AbortSignal): Promise<void>;

  /**
   * Holds a consistent picture of its system disk, readable until released, while the guest goes on. The same snapshot
   * again gives the same picture.
   */
  freezeDisk(guestId: string, snapshotId: string, signal?: AbortSignal): Promise<DiskSource>;
  /** Gives it back; an unknown snapshot is already released. */
  releaseDisk(guestId: string, snapshotId: string): Promise<void>;

  /** Removes it with everything of it on this host, frozen disks included. An unknown guest is already removed. */
  remove(guestId: string, signal?: AbortSignal): Promise<void>;

  /** How one guest is, or `undefined`. */
  get(guestId: string, signal?: AbortSignal): Promise<GuestState | undefined>;
  /** Every guest of ours on this host, and how it is: the truth. Strangers are not listed. */
  list(signal?: AbortSignal): AsyncIterable<GuestState>;
  /** Changes as they happen. Some may be missed: whoever must know asks {@link list}. */
  events(signal: AbortSignal): AsyncIterable<GuestState>;

  /** Called once after the host or the agent came back, before anything else: finish or undo what was half done. */
  recover(signal?: AbortSignal): Promise<void>;
}

/** What the hypervisor can do. Each flag selects tests of the conformance suite. */
export interface ComputeCapabilities {
  /** Shares, period and quota take effect. When `false`, EUCU flavors are refused on this host. */
  readonly cpuQuota: boolean;
  /** The driver can tell that the guest's OS has booted. When `false`, `ready` stays `unknown`. */
  readonly guestReady: boolean;
  /** A kernel can be started directly ({@link GuestSpec} `boot`). When `false`, such a guest is refused. */
  readonly directBoot: boolean;
  /** A guest can boot from another image, its own disk beside it ({@link GuestSpec} `rescue`). */
  readonly rescue: boolean;
  /** Memory can stay while the vCPUs stand: the driver is also a {@link Pauser}. */
  readonly pause: boolean;
  /** Memory can be put on the host's disk: the driver is also a {@link Suspender}. */
  readonly suspend: boolean;
  /** vCPUs and memory can change while the guest runs: the driver is also a {@link LiveChanger}. */
  readonly liveResize: boolean;
  /** Data disks can come and go while the guest runs: the driver is also a {@link LiveChanger}. */
  readonly liveDisks: boolean;
  /** Network interfaces can come and go while the guest runs: the driver is also a {@link LiveChanger}. */
  readonly liveNics: boolean;
  /** A guest's own layers can be carried to another host: the driver is also a {@link DiskMover}. */
  readonly moveDisks: boolean;
  /** Disks can be kept as they are, to go back to: the driver is also a {@link DiskKeeper}. */
  readonly keepDisks: boolean;
  /** What a guest writes to its console is kept: the driver is also a {@link ConsoleReader}. */
  readonly consoleLog: boolean;
  /** Guests that are not ours can be seen and made ours: the driver is also a {@link GuestAdopter}. */
  readonly adopt: boolean;
}
