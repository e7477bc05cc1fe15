import { detached } from "../clock/detached.ts";
import { late, within } from "../clock/within.ts";
import { CloudHostError } from "../errors.ts";
import type { HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { GuestState } from "../ports/guest.ts";
import type { Logger } from "../ports/logger.ts";
import { inventoryOf } from "./host-calls.ts";
import type { HostParts } from "./host-calls.ts";

/** What a watch works with. */
export interface WatchOptions {
  readonly host: string;
  readonly parts: HostParts;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly report: (report: HostReport) => void;
}

/** How often a host says what it has, and how all its guests are. */
const periodMs = 60_000;
/** How long each of both may take; a hypervisor that hangs must not end the watch for good. */
const limitMs = 30_000;

/**
 * Says how a host is without being asked: each change of a guest as its driver tells it, and each minute the inventory
 * and every guest, since events may be lost. Its tasks have a queue of their own, apart from the commands' lanes.
 */
export class HostWatch implements AsyncDisposable {
  readonly #options: WatchOptions;
  readonly #closed = new AbortController();
  #periodic: AsyncDisposable | undefined;
  #events: Promise<void> | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, host, logger } = this.#options;
    this.#follow();
    this.#periodic = clock.every(
      periodMs,
      () => clock.busy(() => this.#look()),
      (error) => {
        if (!this.#closed.signal.aborted) logger.warn({ host, err: error }, "the host could not be looked at");
      },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#periodic?.[Symbol.asyncDispose]();
    await within(this.#options.clock, limitMs, Promise.resolve(this.#events));
  }

  async #look(): Promise<void> {
    const { host, parts, report } = this.#options;
    this.#follow();
    await this.#limited(async (signal) => {
      report({ kind: "inventory", host, inventory: await inventoryOf(parts, signal) });
    });
    await this.#limited(async (signal) => {
      for await (const guest of parts.compute.list(signal)) this.#saw(guest);
    });
  }

  async #limited(look: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { clock } = this.#options;
    const tooLong = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, tooLong.signal]);
    // Detached: we may go on while it still waits, and a virtual clock must not take its waits for ours.
    const looked = detached(() => clock.busy(() => look(signal)));
    if ((await within(clock, limitMs, looked)) !== late) return;
    tooLong.abort();
    const what = "looking at the host";
    throw new CloudHostError("DEADLINE_EXCEEDED", "The host did not answer.", { what, timeoutMs: limitMs });
  }

  #saw(guest: GuestState): void {
    const { host, clock, report } = this.#options;
    report({ kind: "guestChanged", host, guest, atMs: clock.nowMs() });
  }

  /** Follows the driver's events; when they have ended, the next minute begins anew. */
  #follow(): void {
    this.#events ??= detached(() => this.#readEvents()).finally(() => (this.#events = undefined));
  }

  async #readEvents(): Promise<void> {
    const { host, parts, logger } = this.#options;
    try {
      for await (const guest of parts.compute.events(this.#closed.signal)) this.#saw(guest);
    } catch (error) {
      if (!this.#closed.signal.aborted) logger.warn({ host, err: error }, "the guests' events have ended");
    }
  }
}
