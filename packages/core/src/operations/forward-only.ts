import { Observable } from "rxjs";
import type { MonoTypeOperatorFunction } from "rxjs";
import type { OperationProgress } from "./model.ts";

/**
 * Passes on what is newer than all that was told before. The journal is read while news arrive, and a step that is tried
 * again begins anew: neither shows as a step back. An operation only ever goes from running to undoing to its end.
 */
export function forwardOnly(): MonoTypeOperatorFunction<OperationProgress> {
  return (source) =>
    new Observable((subscriber) => {
      let last: OperationProgress | undefined;
      return source.subscribe({
        next: (progress) => {
          if (last !== undefined && isOlder(progress, last)) return;
          last = progress;
          subscriber.next(progress);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
    });
}

const stages = { running: 0, undoing: 1, succeeded: 2, failed: 2, stuck: 2 } as const;

/** Whether one is from before the other; while undoing, per cent fall. */
function isOlder(one: OperationProgress, other: OperationProgress): boolean {
  const stage = stages[one.state] - stages[other.state];
  if (stage !== 0) return stage < 0;
  if (one.state === "running") return one.percent < other.percent;
  return one.state === "undoing" && one.percent > other.percent;
}
