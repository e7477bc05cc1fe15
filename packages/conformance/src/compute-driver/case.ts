import { extensionMethods, uuidv7Ids } from "@cloudhost/core/ports";
import type {
  Clock,
  ComputeDriver,
  ComputeExtensions,
  CpuBudget,
  DirectBoot,
  DiskKey,
  ExtendedComputeDriver,
  GuestNic,
  GuestSpec,
  GuestState,
  HostReserve,
  Ids,
} from "@cloudhost/core/ports";
import { assert, expect } from "vitest";
import type { TestContext } from "vitest";

/**
 * A driver on a host that can be tested, and what the tests need to know of that host. Each case opens one of its own.
 * What the driver can do is not told here: the suite asks the driver's `capabilities` itself.
 */
export interface ComputeSubject extends AsyncDisposable {
  readonly driver: ExtendedComputeDriver;
  /** A guest that no other case has. Its base is a real disk image of at most some hundred MiB; it has one system disk. */
  readonly guest: GuestSpec;
  /** A kernel for this host. A driver without `directBoot` must refuse it; the file may then be anything. */
  readonly boot: DirectBoot;
  /** An interface whose tap is on the host and that no guest has. Needed when the driver claims `liveNics` or `adopt`. */
  readonly spareNic?: GuestNic;
  /** What the driver was opened with. */
  readonly reserve: HostReserve;
  /** The clock that the driver was opened with. */
  readonly clock: Clock;
  /** How long the guest's OS may take from start to booted, and an event to arrive, in milliseconds of the wall's clock. */
  readonly readyWithinMs: number;
  /** The host, seen past the driver. */
  readonly host: HostObserver;
  /**
   * Closes the driver and opens a new one over the same state, as after an agent's restart: the guests go on meanwhile.
   * The suite calls `recover()`. Disposing of the subject closes the newest.
   * @param reserve instead of {@link ComputeSubject.reserve}
   */
  reopen(reserve?: HostReserve): Promise<ExtendedComputeDriver>;
}

/** A guest's disk on the host, looked at past the driver. */
export interface DiskView {
  /** Its size as the guest sees it. */
  readonly sizeBytes: number;
  /** What {@link HostObserver.writeDisk} wrote last on what the disk is now; empty before. */
  readonly text: string;
}

/** Looks at the host itself (its files, processes, cgroups, the guest's console), so that no driver is its own witness. */
export interface HostObserver {
  /** How often the guest's OS began to boot since it was defined: lines of its console, a count that it writes. */
  boots(guestId: string): Promise<number>;
  /** Names of all that is on the host because of this guest: files, processes, domains. Base images are not. */
  leftovers(guestId: string): Promise<readonly string[]>;
  /** The guest's own disks, running or not. The one that it is rescued from is not among them. */
  disks(guestId: string): Promise<ReadonlyMap<DiskKey, DiskView>>;
  /** Writes a short text into a disk of a stopped guest, at a place that its OS leaves alone. */
  writeDisk(guestId: string, disk: DiskKey, text: string): Promise<void>;
  /** Names of the taps that this running guest holds. Needed when the driver claims `liveNics` or `adopt`. */
  taps?(guestId: string): Promise<readonly string[]>;
  /**
   * Makes a guest past the driver that can be adopted: of one vCPU, running or stopped, with a disk of its own. Gives its
   * key. Disposing of the subject removes it, whatever became of it. Needed when the driver claims `adopt`.
   */
  addStranger?(power: "running" | "stopped"): Promise<string>;
  /** All that the hypervisor and the disk say of a stranger, to be compared. Needed when the driver claims `adopt`. */
  strangerPicture?(key: string): Promise<unknown>;
  /** What the kernel enforces for this running guest. Needed when the driver claims `cpuQuota`. */
  cpuBudget?(guestId: string): Promise<CpuBudget>;
}

/** Opens a subject: the argument of `describeComputeDriver`. */
export type OpenComputeSubject = () => Promise<ComputeSubject>;

/** What a case works with. */
export interface ComputeCase extends Omit<ComputeSubject, typeof Symbol.asyncDispose> {
  readonly ids: Ids;
  /** Ends the case as skipped, with the reason printed. */
  readonly skip: (when: boolean, why: string) => void;
}

/** A well-formed id that no host knows. */
export const unknownGuestId = "srv_00000000000000000000000000";

/** A case: opens a subject, runs, and removes its guest whatever came of it. */
export function eachCase(
  open: OpenComputeSubject,
  run: (subject: ComputeCase) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    await using cleanup = new AsyncDisposableStack();
    const subject = cleanup.use(await open());
    const { guest, boot, spareNic, reserve, clock, readyWithinMs, host } = subject;
    let driver = subject.driver;
    cleanup.defer(() => driver.remove(guest.id));
    const reopen = async (withReserve?: HostReserve): Promise<ExtendedComputeDriver> =>
      (driver = await subject.reopen(withReserve));
    const skip = (when: boolean, why: string): void => context.skip(when, why);
    const ids = uuidv7Ids(clock);
    const nic = spareNic === undefined ? {} : { spareNic };
    await run({ driver, guest, boot, ...nic, reserve, clock, readyWithinMs, host, reopen, ids, skip });
  };
}

/** How the guest is, or `undefined`. */
export const stateOf = (driver: ComputeDriver, guest: GuestSpec): Promise<GuestState | undefined> =>
  driver.get(guest.id);

/** Every guest that the driver lists. */
export async function listed(driver: ComputeDriver, signal?: AbortSignal): Promise<GuestState[]> {
  const states: GuestState[] = [];
  for await (const state of driver.list(signal)) states.push(state);
  return states;
}

/** The methods of an optional interface, which a driver that claims the capability must have. */
export function extensionsOf(
  driver: ExtendedComputeDriver,
  capability: keyof typeof extensionMethods,
): ComputeDriver & ComputeExtensions {
  for (const method of extensionMethods[capability]) {
    assert(typeof driver[method] === "function", `The driver claims ${capability} and has no ${method}.`);
  }
  return driver as ComputeDriver & ComputeExtensions;
}

/** Starts the guest and waits until its OS boots. */
export async function startToBoot(subject: ComputeCase): Promise<void> {
  const { driver, guest } = subject;
  await driver.define(guest);
  await driver.start(guest.id);
  await bootsTo(subject, 1);
}

/** Waits until the guest's OS has begun to boot so often. */
export async function bootsTo(
  { guest, host, readyWithinMs }: Pick<ComputeCase, "guest" | "host" | "readyWithinMs">,
  boots: number,
): Promise<void> {
  await expect.poll(() => host.boots(guest.id), { timeout: readyWithinMs, interval: 20 }).toBe(boots);
}

/** The same guest with other memory. */
export const withMemory = (guest: GuestSpec, memoryMib: number): GuestSpec => ({ ...guest, memoryMib });
