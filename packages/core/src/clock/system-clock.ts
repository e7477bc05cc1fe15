import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { startPeriodic } from "./periodic.ts";

/** The machine's clock. Its periodic tasks do not keep a process alive; its sleeps do. */
export const systemClock = (): Clock => clock;

const clock: Clock = {
  nowMs: () => Date.now(),
  // Not Node's own promise of a timer: each that is cancelled makes an error with a stack, and most are cancelled.
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      const cancel = (): void => {
        clearTimeout(timer);
        const cause: unknown = signal?.reason;
        reject(new CloudHostError("CANCELLED", "The wait was cancelled.", { what: "sleep" }, { cause }));
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", cancel);
        resolve();
      }, ms);
      if (signal?.aborted === true) cancel();
      else signal?.addEventListener("abort", cancel, { once: true });
    }),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
  every: (periodMs, task, onError) =>
    startPeriodic(task, onError, (tick) => {
      const timer = setInterval(() => void tick(), periodMs).unref();
      return () => clearInterval(timer);
    }),
  busy: (work) => work(),
  waiting: (others) => others,
};
