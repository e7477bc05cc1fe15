import { CloudHostError, isCloudHostError } from "@cloudhost/core/ports";
import type { Clock } from "@cloudhost/core/ports";
import { cancelled, throwIfCancelled } from "./failures.ts";

/**
 * The public calls of one object that are under way. Each holds a virtual clock still, lets only our errors out, and is
 * cancelled by its own signal or when the object is disposed of, which waits for it.
 */
export class PublicCalls implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param work gets a signal that fires for either reason */
  async run<T>(what: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const either = this.#either(signal);
    const call = this.#guard(what, either, () => this.#clock.busy(() => work(either)));
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }

  /** The same for what yields one thing after another; between them the clock is free. */
  async *stream<T>(
    what: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T> {
    const either = this.#either(signal);
    const items = work(either)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.run(what, either, () => items.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await items.return?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("closed"));
    await Promise.allSettled(this.#running);
  }

  #either(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
  }

  /** After the signal has fired, whatever failed did so because of it. */
  async #guard<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      throwIfCancelled(signal, what);
      return await work();
    } catch (error) {
      if (signal.aborted && !isCloudHostError(error, "CANCELLED")) throw cancelled(what, error);
      throw CloudHostError.from(error);
    }
  }
}
