import type { Clock } from "../ports/clock.ts";

/** What {@link within} answers when the time was up first. */
export const late: unique symbol = Symbol("late");

/** The longest time that a timer of the system takes: 24.8 days. */
const longestMs = 2 ** 31 - 1;

/**
 * Waits for others, but only so long; {@link late} when the time was up first. A virtual clock may move meanwhile.
 * The others go on: what they answer later is lost, and what they throw later too.
 */
export async function within<T>(clock: Clock, ms: number, others: Promise<T>): Promise<T | typeof late> {
  const timeUp = Promise.withResolvers<typeof late>();
  const giveUp = clock.after(Math.min(ms, longestMs), () => timeUp.resolve(late));
  try {
    return await clock.waiting<T | typeof late>(Promise.race([others, timeUp.promise]));
  } finally {
    giveUp();
  }
}
