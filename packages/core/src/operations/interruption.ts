import { detached } from "../clock/detached.ts";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { OperationRow } from "./journal.ts";

/**
 * What ends an operation before its time: somebody cancels it, or its deadline passes. Both are durable in its row; this
 * is how the run of it is told.
 */
export class Interruption {
  readonly #clock: Clock;
  readonly #row: Pick<OperationRow, "id" | "kind" | "created_at_ms" | "deadline_ms">;
  readonly #interrupt = new AbortController();
  readonly #watch = new AbortController();

  constructor(clock: Clock, row: OperationRow) {
    this.#clock = clock;
    this.#row = row;
    if (row.cancel_at_ms !== null) this.cancel();
  }

  /** Fires when the operation is to end. */
  get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** Why it is to end, if it is. */
  get reason(): CloudHostError | undefined {
    return this.signal.aborted ? (this.signal.reason as CloudHostError) : undefined;
  }

  /** Somebody asked for its end. */
  cancel(): void {
    this.#interrupt.abort(
      new CloudHostError("CANCELLED", `The operation ${this.#row.kind} was cancelled.`, { what: this.#row.id }),
    );
  }

  /** Ends it when its deadline passes, until {@link disarm}. */
  watch(): void {
    const leftMs = this.#leftMs();
    if (leftMs === undefined || this.#expired()) return;
    const { signal } = this.#watch;
    // Detached: a virtual clock must not take this wait for the run's.
    void detached(() => this.#clock.sleep(leftMs, signal)).then(
      () => this.#expired(),
      () => {},
    );
  }

  /** @throws CloudHostError `CANCELLED`, `DEADLINE_EXCEEDED` when it is to end */
  throwIfDue(): void {
    this.#expired();
    if (this.reason !== undefined) throw this.reason;
  }

  /** The deadline counts no more. */
  disarm(): void {
    // With a reason: without one, an error with its stack is made for nobody.
    this.#watch.abort("disarmed");
  }

  #leftMs(): number | undefined {
    const { deadline_ms: deadlineMs } = this.#row;
    return deadlineMs === null ? undefined : deadlineMs - this.#clock.nowMs();
  }

  #expired(): boolean {
    if ((this.#leftMs() ?? 1) > 0) return false;
    const { kind, created_at_ms: createdAtMs, deadline_ms: deadlineMs } = this.#row;
    const details = { what: kind, timeoutMs: (deadlineMs ?? createdAtMs) - createdAtMs };
    const message = `The operation ${kind} was not done within ${details.timeoutMs} ms.`;
    this.#interrupt.abort(new CloudHostError("DEADLINE_EXCEEDED", message, details));
    return true;
  }
}
