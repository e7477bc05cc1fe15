import type { Clock } from "../ports/clock.ts";

/** Where an agent's heartbeats come from: one source for all agents of a process. */
export interface Heartbeats extends AsyncDisposable {
  /** Calls `beat` with 1, 2, 3, … once a period, until what it returns is disposed of. */
  start(periodMs: number, beat: (sequence: number) => void): AsyncDisposable;
}

/** Heartbeats by a clock: for tests, where a virtual one makes them come with {@link Clock.every}. */
export const clockHeartbeats = (clock: Clock): Heartbeats => ({
  start(periodMs, beat) {
    let sequence = 0;
    return clock.every(periodMs, () => beat(++sequence));
  },
  async [Symbol.asyncDispose]() {},
});
