/** So many values wait for a listener that is slow; it loses the oldest, as events may be lost. */
const mostWaiting = 1000;

/** Tells everything to everybody who listens. */
export class Broadcast<T> {
  readonly #listeners = new Set<(value: T) => void>();

  send(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }

  /** What is sent from this call on, until the signal fires or the loop is left. */
  listen(signal: AbortSignal): AsyncIterable<T> {
    const waiting: T[] = [];
    let news = Promise.withResolvers<void>();
    const listener = (value: T): void => {
      waiting.push(value);
      if (waiting.length > mostWaiting) waiting.shift();
      news.resolve();
    };
    const leave = (): void => {
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", leave);
      news.resolve();
    };
    this.#listeners.add(listener);
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    return (async function* told() {
      try {
        while (!signal.aborted) {
          await news.promise;
          news = Promise.withResolvers<void>();
          yield* waiting.splice(0);
        }
      } finally {
        leave();
      }
    })();
  }
}
