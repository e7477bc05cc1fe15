import { setTimeout as sleepFor } from "node:timers/promises";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { startPeriodic } from "./periodic.ts";

/** The machine's clock. Its periodic tasks do not keep a process alive; its sleeps do. */
export const systemClock = (): Clock => clock;

const clock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
    } catch (cause) {
      throw new CloudHostError("CANCELLED", "The wait was cancelled.", { what: "sleep" }, { cause });
    }
  },
  every: (periodMs, task, onError) =>
    startPeriodic(task, onError, (tick) => {
      const timer = setInterval(() => void tick(), periodMs).unref();
      return () => clearInterval(timer);
    }),
  busy: (work) => work(),
  waiting: (others) => others,
};
