import { AsyncLocalStorage } from "node:async_hooks";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import { msFrom } from "../units.ts";
import { startPeriodic } from "./periodic.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  fire(): void;
}
interface Ticker {
  readonly periodMs: number;
  nextMs: number;
  tick(): Promise<void>;
}
/** One piece of work under way. It counts while none of its awaits is a wait for others. */
interface Mark {
  readonly parent: Mark | undefined;
  waits: number;
  ended: boolean;
}

/**
 * A clock for tests that is driven, not set: while anybody works ({@link Clock.busy}) it stands; as soon as all only
 * wait, it jumps to the next sleeper, so that a guest's boot of 10 s takes no time and every run has the same order.
 * Periodic tasks (heartbeats, reconcilers, metrics) move only by {@link VirtualClock.advance}.
 */
export class VirtualClock implements Clock {
  readonly #marks = new AsyncLocalStorage<Mark>();
  readonly #timers = new Set<Timer>();
  readonly #tickers = new Set<Ticker>();
  #nowMs: number;
  #order = 0;
  #working = 0;
  #looking = false;
  /** Who asks to be told when somebody stops working, or a sleeper has gone. */
  #onlookers: (() => void)[] = [];

  /** @param startMs epoch milliseconds at which it begins; 2026-01-01 by default */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    // Of periods that are no whole milliseconds, it tells the time as a real clock does.
    return Math.floor(this.#nowMs);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.waiting(this.#sleep(ms, signal));
  }

  after(ms: number, call: () => void): () => void {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, fire: call };
    this.#timers.add(timer);
    this.#look();
    return () => this.#remove(timer);
  }

  every(periodMs: number, task: () => Promise<void> | void, onError?: (error: unknown) => void): AsyncDisposable {
    return startPeriodic(task, onError, (tick) => {
      // A ticker belongs to nobody's work: what it starts holds the clock by marks of its own.
      const ticker = { periodMs, nextMs: this.#nowMs + periodMs, tick: () => this.#marks.exit(tick) };
      this.#tickers.add(ticker);
      return () => this.#tickers.delete(ticker);
    });
  }

  async busy<T>(work: () => Promise<T>): Promise<T> {
    const mark: Mark = { parent: this.#marks.getStore(), waits: 0, ended: false };
    this.#working += 1;
    try {
      return await this.#marks.run(mark, work);
    } finally {
      mark.ended = true;
      if (mark.waits === 0) this.#working -= 1;
      this.#look();
    }
  }

  async waiting<T>(others: Promise<T>): Promise<T> {
    const chain: Mark[] = [];
    for (let mark = this.#marks.getStore(); mark !== undefined; mark = mark.parent) chain.push(mark);
    for (const mark of chain) if (mark.waits++ === 0 && !mark.ended) this.#working -= 1;
    this.#look();
    try {
      return await others;
    } finally {
      for (const mark of chain) if (--mark.waits === 0 && !mark.ended) this.#working += 1;
    }
  }

  /**
   * Moves time on, firing on its way each periodic task and sleeper when its time comes, and resolves when all that
   * this released has settled.
   */
  async advance(time: Parameters<typeof msFrom>[0]): Promise<void> {
    const untilMs = this.#nowMs + msFrom(time);
    for (;;) {
      await this.settled();
      const ticker = this.#nextTicker();
      if (ticker === undefined || ticker.nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, ticker.nextMs);
      // Sleepers may have moved the time past several of its periods: they are one tick, as with a timer that was late.
      ticker.nextMs += ticker.periodMs * Math.ceil((this.#nowMs + 1 - ticker.nextMs) / ticker.periodMs);
      await ticker.tick();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    await this.settled();
  }

  /** Resolves when nobody works and nobody sleeps. */
  async settled(): Promise<void> {
    for (;;) {
      await turns();
      this.#look();
      if (this.#working === 0 && this.#timers.size === 0 && !this.#looking) return;
      await new Promise<void>((resolve) => this.#onlookers.push(resolve));
    }
  }

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const cancelled = (): CloudHostError =>
      new CloudHostError("CANCELLED", "The wait was cancelled.", { what: "sleep" }, { cause: signal?.reason });
    if (signal?.aborted === true) throw cancelled();
    await new Promise<void>((resolve, reject) => {
      const timer: Timer = {
        atMs: this.#nowMs + Math.max(0, ms),
        order: this.#order++,
        fire: () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        },
      };
      const abort = (): void => {
        this.#remove(timer);
        reject(cancelled());
      };
      this.#timers.add(timer);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  #remove(timer: Timer): void {
    this.#timers.delete(timer);
    this.#look();
  }

  /** Looks whether all wait, now that somebody stopped working; the jump comes only after the event loop is quiet. */
  #look(): void {
    for (const told of this.#onlookers.splice(0)) told();
    if (this.#looking || this.#working > 0 || this.#timers.size === 0) return;
    this.#looking = true;
    void this.#jumpWhenQuiet();
  }

  async #jumpWhenQuiet(): Promise<void> {
    await turns();
    this.#looking = false;
    const timer = this.#working > 0 ? undefined : this.#nextTimer();
    if (timer !== undefined) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.fire();
    }
    this.#look();
  }

  #nextTimer(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }

  #nextTicker(): Ticker | undefined {
    let next: Ticker | undefined;
    for (const ticker of this.#tickers) if (next === undefined || ticker.nextMs < next.nextMs) next = ticker;
    return next;
  }
}

/** A few turns of the event loop: messages on their way between ports, and promises behind them, arrive meanwhile. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
