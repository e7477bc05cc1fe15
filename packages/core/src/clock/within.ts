import type { Clock } from "../ports/clock.ts";
import { detached } from "./detached.ts";

/** What {@link within} answers when the time was up first. */
export const late: unique symbol = Symbol("late");

/** The longest time that a timer of the system takes: 24.8 days. */
const longestMs = 2 ** 31 - 1;

/**
 * Waits for others, but only so long; {@link late} when the time was up first. A virtual clock may move meanwhile.
 * The others go on: what they answer later is lost, and what they throw later too.
 */
export async function within<T>(clock: Clock, ms: number, others: Promise<T>): Promise<T | typeof late> {
  const timer = new AbortController();
  const isLate = (): typeof late => late;
  const timeUp = detached(() => clock.sleep(Math.min(ms, longestMs), timer.signal)).then(isLate, isLate);
  try {
    return await clock.waiting<T | typeof late>(Promise.race([others, timeUp]));
  } finally {
    // With a reason of ours: without one, an error with a stack is made for each wait.
    timer.abort(late);
  }
}
