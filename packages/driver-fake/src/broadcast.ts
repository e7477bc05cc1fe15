/** So many values wait for a listener that is slow; older ones are lost to it. */
const longestQueue = 1000;

/** Tells every listener what happens. */
export class Broadcast<T> {
  readonly #listeners = new Set<(value: T) => void>();

  send(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }

  /** What is sent from this call on, until the signal fires. */
  listen(signal: AbortSignal): AsyncIterable<T> {
    const queue: T[] = [];
    let wake = Promise.withResolvers<void>();
    const listener = (value: T): void => {
      queue.push(value);
      if (queue.length > longestQueue) queue.shift();
      wake.resolve();
    };
    const stop = (): void => {
      this.#listeners.delete(listener);
      wake.resolve();
    };
    if (!signal.aborted) this.#listeners.add(listener);
    signal.addEventListener("abort", stop, { once: true });
    return (async function* heard() {
      try {
        while (!signal.aborted) {
          yield* queue.splice(0);
          if (queue.length > 0) continue;
          await wake.promise;
          wake = Promise.withResolvers<void>();
        }
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
    })();
  }
}
