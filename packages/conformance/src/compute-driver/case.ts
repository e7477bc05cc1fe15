import { uuidv7Ids } from "@cloudhost/core/ports";
import type {
  Clock,
  ComputeDriver,
  CpuBudget,
  DirectBoot,
  GuestSpec,
  GuestState,
  HostReserve,
  Ids,
} from "@cloudhost/core/ports";
import type { TestContext } from "vitest";

/**
 * A driver on a host that can be tested, and what the tests need to know of that host. Each case opens one of its own.
 * What the driver can do is not told here: the suite asks the driver's `capabilities` itself.
 */
export interface ComputeSubject extends AsyncDisposable {
  readonly driver: ComputeDriver;
  /** A guest that no other case has. Its base is a real disk image of at most some hundred MiB; it has one system disk. */
  readonly guest: GuestSpec;
  /** A kernel for this host. A driver without `directBoot` must refuse it; the file may then be anything. */
  readonly boot: DirectBoot;
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
  reopen(reserve?: HostReserve): Promise<ComputeDriver>;
}

/** Looks at the host itself (its files, processes, cgroups, the guest's console), so that no driver is its own witness. */
export interface HostObserver {
  /** How often the guest's OS began to boot since it was defined: lines of its console, a count that it writes. */
  boots(guestId: string): Promise<number>;
  /** Names of all that is on the host because of this guest: files, processes, domains. Base images are not. */
  leftovers(guestId: string): Promise<readonly string[]>;
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
    const { guest, boot, reserve, clock, readyWithinMs, host } = subject;
    let driver = subject.driver;
    cleanup.defer(() => driver.remove(guest.id));
    const reopen = async (withReserve?: HostReserve): Promise<ComputeDriver> =>
      (driver = await subject.reopen(withReserve));
    const skip = (when: boolean, why: string): void => context.skip(when, why);
    const ids = uuidv7Ids(clock);
    await run({ driver, guest, boot, reserve, clock, readyWithinMs, host, reopen, ids, skip });
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

/** The same guest with other memory. */
export const withMemory = (guest: GuestSpec, memoryMib: number): GuestSpec => ({ ...guest, memoryMib });
