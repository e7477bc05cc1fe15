import { emptyHostNetwork } from "@cloudhost/core/ports";
import type { HostBinding, HostNetwork, NetworkDriver, NetworkUpdate, PresentBinding } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";
import { networkOf } from "./sample-network.ts";

/**
 * A network driver on a host of its own, and what the tests need to know of that host. Each case opens one.
 * What the driver can do is not told here: the suite asks {@link NetworkDriver.capabilities} itself.
 */
export interface NetworkSubject extends AsyncDisposable {
  readonly driver: NetworkDriver;
  /** The host, seen past the driver. */
  readonly host: NetworkObserver;
  /** An internal address of another host that this host could reach: where members on other hosts are. */
  readonly otherHost: string;
  /**
   * Closes the driver and opens a new one over the same host, as after an agent's restart. The suite calls `recover()`.
   * Disposing of the subject closes the newest.
   */
  reopen(): Promise<NetworkDriver>;
}

/** Looks at the host itself, so that no driver is its own witness. */
export interface NetworkObserver {
  /**
   * All that is on the host because of the driver (interfaces, rules, sets, classes, routes), as a value to be compared:
   * the same network gives an equal picture, whatever way led to it. Counters and the kernel's own numbers are not in it.
   */
  picture(): Promise<unknown>;
  /** How often the driver has changed something on the host so far. */
  writes(): Promise<number>;
  /**
   * Where packets can be sent: whether one of these servers reaches the other's address by a connection of its own.
   * Without it the cases that need traffic are skipped.
   */
  reaches?(from: HostBinding, to: HostBinding): Promise<boolean>;
}

/** Opens a subject: the argument of `describeNetworkDriver`. */
export type OpenNetworkSubject = () => Promise<NetworkSubject>;

/** What a case works with. */
export interface NetworkCase extends Omit<NetworkSubject, typeof Symbol.asyncDispose> {
  /** Ends the case as skipped, with the reason printed. */
  readonly skip: (when: boolean, why: string) => void;
}

/** A case: opens a subject, runs, and leaves no network behind whatever came of it. */
export function eachCase(
  open: OpenNetworkSubject,
  run: (subject: NetworkCase) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    await using cleanup = new AsyncDisposableStack();
    const subject = cleanup.use(await open());
    const { host, otherHost } = subject;
    let driver = subject.driver;
    cleanup.defer(() => driver.apply(whole(0, emptyHostNetwork)));
    const reopen = async (): Promise<NetworkDriver> => (driver = await subject.reopen());
    const skip = (when: boolean, why: string): void => context.skip(when, why);
    await run({ driver, host, otherHost, reopen, skip });
  };
}

/** The whole network at a revision, with nothing said of what changed. */
export const whole = (revision: number, desired: HostNetwork): NetworkUpdate => ({
  revision,
  baseRevision: 0,
  desired,
  changes: undefined,
});

/** The whole network of these bindings and their members at a revision. */
export const wholeOf = (revision: number, ...bindings: readonly HostBinding[]): NetworkUpdate =>
  whole(revision, networkOf(bindings));

/** Every binding that the driver lists, by tap. Classes are asked for where they mean something. */
export async function listed(driver: NetworkDriver, signal?: AbortSignal): Promise<PresentBinding[]> {
  const present: PresentBinding[] = [];
  for await (const binding of driver.list(signal)) present.push(binding);
  return pictureOf(driver, present);
}

/** What {@link listed} is when these bindings are there. */
export const presentOf = (driver: NetworkDriver, ...bindings: readonly HostBinding[]): PresentBinding[] =>
  pictureOf(driver, bindings);

const pictureOf = ({ capabilities }: NetworkDriver, bindings: readonly PresentBinding[]): PresentBinding[] =>
  bindings
    .map(({ tap, classId }) => ({ tap, classId: capabilities.shaping ? classId : undefined }))
    .toSorted((a, b) => (a.tap < b.tap ? -1 : 1));
