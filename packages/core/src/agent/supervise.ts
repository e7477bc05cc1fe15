import { detached } from "../clock/detached.ts";
import { late, within } from "../clock/within.ts";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";

/** How long a call may take to settle once it was told to stop; what it answers meanwhile still counts. */
const graceMs = 5_000;
/** How long, after that, the call's lane waits for one that does not settle. */
const holdMs = 60_000;

/** How a call came out. */
export type Outcome<T> =
  | { readonly succeeded: true; readonly result: T }
  | { readonly succeeded: false; readonly error: CloudHostError };

/** What {@link supervise} answers. */
export interface Supervised<T> {
  readonly outcome: Outcome<T>;
  /** Waits until the call has settled, or 60 s: so long the driver may still be at it. */
  readonly settled: () => Promise<unknown>;
}

/**
 * Runs a driver's call until it settles, its time is up, or `abort` fires; then its signal fires, and it has a moment to
 * settle. One that was done all the same counts as done.
 *
 * @param abort fired with the error that the call then ends with
 * @param what names the call in the error when the time is up
 */
export async function supervise<T>(
  clock: Clock,
  abort: AbortController,
  limit: { readonly timeoutMs: number; readonly what: string },
  call: (signal: AbortSignal) => Promise<T>,
): Promise<Supervised<T>> {
  const { signal } = abort;
  // Detached: we may go on while it still waits, and a virtual clock must not take its waits for ours.
  const done = detached(() => clock.busy(() => call(signal))).then(
    (result): Outcome<T> => ({ succeeded: true, result }),
    (error: unknown): Outcome<T> => ({ succeeded: false, error: CloudHostError.from(error) }),
  );
  const first = await within(clock, limit.timeoutMs, Promise.race([done, fired(signal)]));
  const settled = (): Promise<unknown> => within(clock, holdMs, done);
  if (typeof first === "object") return { outcome: first, settled };
  if (first === late) abort.abort(deadlineExceeded(limit.what, limit.timeoutMs));
  const error = CloudHostError.from(signal.reason);
  const last = await within(clock, graceMs, done);
  const isDone = last !== late && last.succeeded;
  return { outcome: isDone ? last : { succeeded: false, error }, settled };
}

const fired = (signal: AbortSignal): Promise<"aborted"> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    else signal.addEventListener("abort", () => resolve("aborted"), { once: true });
  });

const deadlineExceeded = (what: string, timeoutMs: number): CloudHostError =>
  new CloudHostError("DEADLINE_EXCEEDED", `${what} took longer than ${timeoutMs} ms.`, { what, timeoutMs });
