import { CloudHostError, isCloudHostError } from "@cloudhost/core/ports";
import type { Clock } from "@cloudhost/core/ports";
import { throwIfCancelled, unlessCancelled } from "./cancelled.ts";
import { unpluggedError } from "./faults/fault-error.ts";
import type { FaultRule, HostFaults } from "./faults/host-faults.ts";
import type { FakeMethod, LyingMethod } from "./faults/methods.ts";

/** What a driver's calls go through: the clock stands while they work, signals end them, and faults strike. */
export class Calls implements AsyncDisposable {
  readonly #host: string;
  readonly #clock: Clock;
  readonly #faults: HostFaults;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Fires when the driver closes. */
  readonly closed: AbortSignal;

  /** @param hostSignal fires when the host is closed */
  constructor(host: string, clock: Clock, faults: HostFaults, hostSignal: AbortSignal) {
    this.#host = host;
    this.#clock = clock;
    this.#faults = faults;
    this.closed = AbortSignal.any([this.#closing.signal, hostSignal]);
  }

  /** Whether the host can be reached. */
  get plugged(): boolean {
    return !this.#faults.unplugged && !this.#faults.off;
  }

  /** A call that answers something. */
  ask<T>(method: FakeMethod, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return this.#run(method, signal, async (both) => {
      const end = await this.#begin(method, both);
      const answer = await work(both);
      await this.#end(method, end, both);
      return answer;
    });
  }

  /** A call that changes something and answers nothing, so that a lie about it looks like success. */
  change(
    method: LyingMethod,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    return this.#run(method, signal, async (both) => {
      const end = await this.#begin(method, both);
      if (end?.kind === "lie") return;
      await work(both);
      await this.#end(method, end, both);
    });
  }

  /** Ends calls that wait, and resolves when none works any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay);
  }

  #run<T>(method: FakeMethod, signal: AbortSignal | undefined, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const both = signal === undefined ? this.closed : AbortSignal.any([signal, this.closed]);
    const running = this.#clock.busy(async () => {
      throwIfCancelled(both, method);
      try {
        return await call(both);
      } catch (error) {
        throw asCloudHostError(error);
      }
    });
    const ended = running.finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    return ended;
  }

  async #begin(method: FakeMethod, signal: AbortSignal): Promise<FaultRule | undefined> {
    if (!this.plugged) throw unpluggedError(this.#host);
    const { delayMs, end } = this.#faults.take(method);
    if (delayMs > 0) await this.#clock.sleep(delayMs, signal);
    if (end?.kind === "fail") throw end.error;
    if (end?.kind === "hang") await this.#clock.waiting(unlessCancelled(end.gate.wait(), signal, method));
    return end;
  }

  async #end(method: FakeMethod, rule: FaultRule | undefined, signal: AbortSignal): Promise<void> {
    if (rule?.kind !== "crash") return;
    if (rule.gate !== undefined) await this.#clock.waiting(unlessCancelled(rule.gate.wait(), signal, method));
    throw rule.error;
  }
}

function asCloudHostError(error: unknown): CloudHostError {
  if (isCloudHostError(error)) return error;
  if ((error as NodeJS.ErrnoException).code === "ENOSPC") {
    const message = "The folder of the fake host's disks has no room left.";
    return new CloudHostError("EXHAUSTED", message, { resource: "disk" }, { cause: error });
  }
  return CloudHostError.from(error);
}
