import type { Subscription } from "rxjs";
import { detached } from "../clock/detached.ts";
import type { Database } from "../database/database.ts";
import type { Clock } from "../ports/clock.ts";
import type { HostReport } from "../ports/bus.ts";
import type { Logger } from "../ports/logger.ts";
import type { GuestWatch } from "../servers/guest-watch.ts";
import type { FleetFeed } from "./fleet-feed.ts";
import type { HostRuntime, OpenHost } from "./host-runtime.ts";
import type { HostState } from "./model.ts";
import type { HostStore } from "./store.ts";

/** A host is `suspect` when so many heartbeats in a row are missing, and `down` after as many again. */
const missedMost = 3;

/** Listens to the hosts: heartbeats, inventories, guests. */
export class HostMonitor implements AsyncDisposable {
  readonly #database: Database;
  readonly #hosts: HostStore;
  readonly #runtime: HostRuntime;
  readonly #feed: FleetFeed;
  readonly #guests: GuestWatch;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #heartbeatMs: number;
  /** By how each was opened: one that was closed and opened again begins anew. */
  readonly #lastSeenMs = new WeakMap<OpenHost, number>();
  readonly #states = new WeakMap<OpenHost, HostState>();
  readonly #settled = new WeakSet<OpenHost>();
  #reports: Subscription | undefined;
  #timer: AsyncDisposable | undefined;

  constructor(
    database: Database,
    hosts: HostStore,
    runtime: HostRuntime,
    feed: FleetFeed,
    guests: GuestWatch,
    clock: Clock,
    logger: Logger,
    heartbeatMs: number,
  ) {
    this.#database = database;
    this.#hosts = hosts;
    this.#runtime = runtime;
    this.#feed = feed;
    this.#guests = guests;
    this.#clock = clock;
    this.#logger = logger;
    this.#heartbeatMs = heartbeatMs;
  }

  start(): void {
    for (const host of this.#runtime.opened) this.#settle(host);
    this.#reports = this.#runtime.reports((host, report) => void this.#heard(host, report));
    this.#timer = this.#clock.every(
      this.#heartbeatMs,
      () => this.reconcile(),
      (err) => this.#logger.error({ err }, "the hosts' states cannot be kept"),
    );
  }

  /** Writes down who was heard of, and who was not for too long. Takes no input. */
  async reconcile(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const heard: string[] = [];
    for (const host of this.#runtime.opened) {
      const { id, name } = host;
      const seenMs = this.#lastSeenMs.get(host) ?? nowMs;
      this.#lastSeenMs.set(host, seenMs);
      const missed = Math.floor((nowMs - seenMs) / this.#heartbeatMs);
      const state = missed < missedMost ? "up" : missed < 2 * missedMost ? "suspect" : "down";
      if (state === "up") heard.push(id);
      // It has been opened since the last look: the scheduler does not know it yet.
      if (!this.#states.has(host)) this.#feed.stale();
      this.#settle(host);
      const before = this.#states.get(host) ?? "up";
      this.#states.set(host, state);
      if (state === before) continue;
      const reason = state === "up" ? null : `no heartbeat for ${Math.round((nowMs - seenMs) / 1000)} s`;
      this.#logger.warn({ host: name, state, reason }, "the host's state changed");
      await this.#database.run(this.#hosts.setState(id, state, reason, seenMs));
      this.#feed.stale();
    }
    if (heard.length > 0) await this.#database.run(this.#hosts.seen(heard, nowMs));
    await this.#reconcileSilent(nowMs);
  }

  /** Those that nobody drives: the process that did has died, perhaps with the host. */
  async #reconcileSilent(nowMs: number): Promise<void> {
    for (const { id, name, last_seen_at_ms: seenMs } of await this.#hosts.silentSince(
      nowMs - 2 * missedMost * this.#heartbeatMs,
    )) {
      const reason = `nobody drives it, and it was not heard of for ${Math.round((nowMs - Number(seenMs)) / 1000)} s`;
      this.#logger.warn({ host: name, reason }, "the host is down");
      await this.#database.run(this.#hosts.setState(id, "down", reason, undefined));
      this.#feed.stale();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reports?.unsubscribe();
    await this.#timer?.[Symbol.asyncDispose]();
  }

  /** Once for each host that was opened. Detached: its guests may take long to start, and who is silent is noticed. */
  #settle(host: OpenHost): void {
    if (this.#settled.has(host)) return;
    this.#settled.add(host);
    detached(() => void this.#clock.busy(() => this.#guests.opened(host)));
  }

  async #heard(host: OpenHost, report: HostReport): Promise<void> {
    this.#lastSeenMs.set(host, this.#clock.nowMs());
    try {
      if (report.kind === "inventory") {
        await this.#database.run(this.#hosts.setInventory(host.id, report.inventory));
        this.#feed.stale();
      } else if (report.kind === "guestChanged") {
        await this.#guests.changed(report.guest, report.atMs);
      }
    } catch (err) {
      this.#logger.warn({ host: host.name, report: report.kind, err }, "a host's report was lost");
    }
  }
}
