import { CloudHostError } from "@cloudhost/core/ports";
import { faultError } from "./fault-error.ts";
import type { FaultCode } from "./fault-error.ts";
import { Gate } from "./host-faults.ts";
import type { FaultRule, HostFaults } from "./host-faults.ts";
import type { FakeMethod, LyingMethod } from "./methods.ts";

/** How often a fault strikes. */
export interface FaultTimes {
  /** @defaultValue 1; `Infinity` until cleared */
  readonly times?: number;
}

/** How a call fails. */
export interface FaultOptions extends FaultTimes {
  /** @defaultValue HOST_UNAVAILABLE */
  readonly code?: FaultCode;
  /** @defaultValue true for HOST_UNAVAILABLE, else false */
  readonly retryable?: boolean;
}

/** Calls that stand still. Disposing lets them go on. */
export interface Hang extends Disposable {
  /** Resolves when the first call stands. */
  readonly reached: Promise<void>;
  /** Lets the calls go on, and later ones pass. */
  release(): void;
}

/**
 * Makes the fake hosts of one fleet fail, by the host's name and the method's. Faults of one method strike in the order
 * in which they were set.
 *
 * @throws CloudHostError `NOT_FOUND` for a host that is not of the fleet
 * @example
 * faults.failNext("host-1", "start");
 * faults.unplug("host-2");
 */
export class FakeFaults {
  readonly #hosts: ReadonlyMap<string, HostFaults>;

  /** @internal use {@link fakeFaults} */
  constructor(hosts: ReadonlyMap<string, HostFaults>) {
    this.#hosts = hosts;
  }

  /** The next calls throw and do nothing. */
  failNext(host: string, method: FakeMethod, { times = 1, code, retryable }: FaultOptions = {}): void {
    this.#of(host).add(method, { kind: "fail", error: faultError(host, method, code, retryable) }, times);
  }

  /** Calls take so many milliseconds longer, until cleared. */
  delay(host: string, method: FakeMethod, ms: number, { times = Infinity }: FaultTimes = {}): void {
    this.#of(host).add(method, { kind: "delay", ms }, times);
  }

  /** Calls stand before they have done anything, until released or cancelled. */
  hang(host: string, method: FakeMethod): Hang {
    const gate = new Gate();
    return this.#holding(host, method, { kind: "hang", gate }, gate, Infinity);
  }

  /** The next calls do their work and then throw, as when the host's agent dies before it can answer. */
  crashNext(host: string, method: FakeMethod, { times = 1, code, retryable }: FaultOptions = {}): void {
    const error = faultError(host, method, code, retryable);
    this.#of(host).add(method, { kind: "crash", error, gate: undefined }, times);
  }

  /** The next call does its work and then never answers, until released (then it throws) or cancelled. */
  hangAfterNext(host: string, method: FakeMethod): Hang {
    const gate = new Gate();
    return this.#holding(host, method, { kind: "crash", error: faultError(host, method), gate }, gate, 1);
  }

  /** The next calls claim success and do nothing: only the host's state tells. */
  lieNext(host: string, method: LyingMethod, { times = 1 }: FaultTimes = {}): void {
    this.#of(host).add(method, { kind: "lie" }, times);
  }

  /** Every call throws `HOST_UNAVAILABLE` until plugged again. Its guests go on. */
  unplug(host: string): void {
    this.#of(host).unplugged = true;
  }

  /** Ends {@link unplug}. */
  plug(host: string): void {
    this.#of(host).unplugged = false;
  }

  /** Takes back all faults of a host, or of every host. */
  clear(host?: string): void {
    for (const faults of host === undefined ? this.#hosts.values() : [this.#of(host)]) faults.clear();
  }

  #holding(host: string, method: FakeMethod, rule: FaultRule, gate: Gate, times: number): Hang {
    const faults = this.#of(host);
    faults.add(method, rule, times);
    const release = (): void => faults.remove(method, rule);
    return { reached: gate.reached, release, [Symbol.dispose]: release };
  }

  #of(host: string): HostFaults {
    const faults = this.#hosts.get(host);
    if (faults !== undefined) return faults;
    const known = [...this.#hosts.keys()].join(", ");
    throw new CloudHostError("NOT_FOUND", `No fake host is called ${host}; there are ${known}.`, {
      resource: "fake host",
      id: host,
    });
  }
}
