import { constants } from "node:os";

const signalNames = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What can end the quickstart early: a signal, or `SIGPIPE` for output that nobody reads any more. */
export type StopName = (typeof signalNames)[number] | "SIGPIPE";

/** Thrown where the quickstart was when it was asked to stop. */
export class Stopped extends Error {
  override readonly name = "Stopped";
}

/** Ctrl-C and its kin, as one thing that work can wait beside. Once it has fired, further signals change nothing. */
export class Stop implements Disposable {
  readonly #controller = new AbortController();
  readonly #source: NodeJS.EventEmitter;
  readonly #listeners = new Map<StopName, () => void>();
  #name: StopName | undefined;

  /** @param source what emits signals: `process` */
  constructor(source: NodeJS.EventEmitter) {
    this.#source = source;
    for (const name of signalNames) {
      const listener = (): void => this.fire(name);
      this.#listeners.set(name, listener);
      source.on(name, listener);
    }
  }

  /** What fired it, or `undefined`. */
  get name(): StopName | undefined {
    return this.#name;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  fire(name: StopName): void {
    if (this.#name !== undefined) return;
    this.#name = name;
    this.#controller.abort(new Stopped(name));
  }

  /** Calls back once it has fired, at once if it has. */
  whenFired(listener: (name: StopName) => void): void {
    const tell = (): void => listener(this.#name ?? "SIGINT");
    if (this.signal.aborted) tell();
    else this.signal.addEventListener("abort", tell, { once: true });
  }

  /** @throws Stopped */
  throwIfStopped(): void {
    this.signal.throwIfAborted();
  }

  /**
   * What the promise gives, unless the stop comes first: the work behind the promise is then left to whoever closes it.
   * @throws Stopped
   */
  async until<T>(work: Promise<T>): Promise<T> {
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(this.signal.reason as Stopped);
    this.signal.addEventListener("abort", leave);
    if (this.signal.aborted) leave();
    try {
      return await Promise.race([stopped, work]);
    } finally {
      this.signal.removeEventListener("abort", leave);
    }
  }

  [Symbol.dispose](): void {
    for (const [name, listener] of this.#listeners) this.#source.off(name, listener);
  }
}

/** The exit code of a process that a signal ended, as shells have it. */
export const exitCodeOf = (name: StopName): number => 128 + constants.signals[name];
