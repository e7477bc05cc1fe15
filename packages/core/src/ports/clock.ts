/**
 * Where time comes from, and nowhere else: no `Date.now`, no `setTimeout` in our packages. A system clock in
 * production; in tests a {@link VirtualClock}, which stands still while somebody works and jumps while all wait.
 */
export interface Clock {
  /** Epoch milliseconds, UTC. */
  nowMs(): number;

  /**
   * Resolves after so many milliseconds.
   * @throws CloudHostError `CANCELLED` as soon as the signal fires
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;

  /**
   * Calls once, after so many milliseconds; not when what it returns was called before. A wait that is mostly given up
   * costs less so than by {@link Clock.sleep}.
   */
  after(ms: number, call: () => void): () => void;

  /**
   * Runs a periodic task, the first time after one period, never two runs at once; what it throws goes to `onError`.
   * Disposing ends it and waits for the run under way.
   */
  every(periodMs: number, task: () => Promise<void> | void, onError?: (error: unknown) => void): AsyncDisposable;

  /** Says that work is under way until it settles: a virtual clock does not move meanwhile. */
  busy<T>(work: () => Promise<T>): Promise<T>;

  /**
   * Inside {@link busy}: waits for what others do, so that a virtual clock may move for them. The whole of that work is
   * then taken to wait: branches of it that run side by side need a {@link busy} of their own each.
   */
  waiting<T>(others: Promise<T>): Promise<T>;
}
