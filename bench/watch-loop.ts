const periodMs = 10;

/** Says for how long the event loop was held at the most. */
export interface LoopWatch extends Disposable {
  /** How late a timer of 10 ms was at the worst, since the watch began. */
  longestMs(): number;
}

/** Watches this thread's event loop until it is disposed of. */
export function watchLoop(): LoopWatch {
  let longestMs = 0;
  let expectedMs = performance.now() + periodMs;
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - expectedMs);
    expectedMs = performance.now() + periodMs;
  }, periodMs);
  return {
    longestMs: () => longestMs,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
