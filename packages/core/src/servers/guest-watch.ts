import type { Subject } from "rxjs";
import { detached } from "../clock/detached.ts";
import { late, within } from "../clock/within.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { HostRuntime, OpenHost } from "../hosts/host-runtime.ts";
import { HostElsewhere } from "../operations/stop-reasons.ts";
import type { Clock } from "../ports/clock.ts";
import type { GuestState } from "../ports/guest.ts";
import type { Logger } from "../ports/logger.ts";
import { driftOf } from "./drift.ts";
import type { PowerSync } from "./power-sync.ts";
import type { ServerStore, SettledServer } from "./store.ts";

/** How often somebody who waits for a guest's OS asks its host. Events tell sooner, but may be lost. */
const askMs = 1000;

/** Writes down what hosts say of their guests' OS, and waits for it; what is not as it should be is looked into. */
export class GuestWatch {
  readonly #database: Database;
  readonly #servers: ServerStore;
  readonly #runtime: HostRuntime;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #written: Subject<void>;
  readonly #sync: Pick<PowerSync, "suspect" | "compare" | "opened">;
  readonly #closed: AbortSignal;

  /** @param closed fires when the cloud closes: nobody waits for a guest any more */
  constructor(
    database: Database,
    servers: ServerStore,
    runtime: HostRuntime,
    clock: Clock,
    logger: Logger,
    written: Subject<void>,
    sync: Pick<PowerSync, "suspect" | "compare" | "opened">,
    closed: AbortSignal,
  ) {
    this.#database = database;
    this.#servers = servers;
    this.#runtime = runtime;
    this.#clock = clock;
    this.#logger = logger;
    this.#written = written;
    this.#sync = sync;
    this.#closed = closed;
  }

  /** A host's word on one of its guests. */
  async changed(guest: GuestState, atMs: number): Promise<void> {
    let server: SettledServer;
    try {
      server = await this.#database.run(this.#servers.guest(guest, atMs));
    } catch (error) {
      if (error instanceof GuardFailed) return;
      throw error;
    }
    this.#written.next();
    if (!server.busy && driftOf(server, guest.power) !== undefined) await this.#sync.suspect(server.id);
  }

  /** A host that this process has just opened. */
  async opened(host: OpenHost): Promise<void> {
    try {
      await this.#sync.opened(host);
    } catch (err) {
      this.#logger.warn({ host: host.name, err }, "the host's guests cannot be settled");
    }
  }

  /** Asks every host of this process about all its guests: what was missed is written down. */
  async reconcile(): Promise<void> {
    await Promise.all(
      this.#runtime.opened.map(async (host) => {
        try {
          const guests = await bind(host).compute.list();
          for (const guest of guests) await this.changed(guest, this.#clock.nowMs());
          await this.#sync.compare(host, guests);
        } catch (err) {
          this.#logger.warn({ host: host.name, err }, "the host's guests cannot be listed");
        }
      }),
    );
  }

  /**
   * Resolves when a server's OS has booted.
   * @throws CloudHostError `CONFLICT`, `UNSUPPORTED`, `DEADLINE_EXCEEDED`, `NOT_FOUND`, `CANCELLED` when the cloud closes
   */
  async ready(serverId: string, timeoutMs: number): Promise<void> {
    const untilMs = this.#clock.nowMs() + timeoutMs;
    for (;;) {
      const row = await this.#servers.get(serverId);
      if (row === undefined)
        throw new CloudHostError("NOT_FOUND", "The server is gone.", { resource: "server", id: serverId });
      if (row.state !== "active" && row.state !== "building") {
        throw new CloudHostError("CONFLICT", `The server ${row.name} is ${row.state}.`, {
          state: row.state,
          allowed: ["active", "building"],
        });
      }
      if (row.guest === "ready") return;
      const leftMs = Math.max(1, untilMs - this.#clock.nowMs());
      const said =
        row.state === "active" && row.host_id !== null ? await this.#ask(row.host_id, serverId, leftMs) : undefined;
      if (said?.ready === "ready") return;
      if (said?.power === "running" && said.ready === "unknown") {
        const details = { feature: "telling whether a guest's OS has booted", by: row.host_name ?? "the host" };
        throw new CloudHostError("UNSUPPORTED", "The server's host cannot tell whether its OS has booted.", details);
      }
      if (this.#clock.nowMs() >= untilMs) {
        const details = { what: `the OS of ${row.name}`, timeoutMs };
        throw new CloudHostError("DEADLINE_EXCEEDED", `The OS of ${row.name} has not booted in time.`, details, {
          retryable: true,
        });
      }
      await this.#clock.sleep(Math.min(askMs, Math.max(1, untilMs - this.#clock.nowMs())), this.#closed);
    }
  }

  /**
   * The end of a server's console, from its host.
   * @throws CloudHostError `UNSUPPORTED`, `GUEST_NOT_FOUND`, `HOST_UNAVAILABLE`
   */
  async consoleLog(serverId: string, hostId: string, mostBytes: number): Promise<string> {
    return this.#clock.busy(() => bind(this.#hostOf(hostId)).compute.consoleLog(serverId, mostBytes));
  }

  #hostOf(hostId: string): OpenHost {
    try {
      return this.#runtime.get(hostId);
    } catch (cause) {
      const details = { host: hostId, reason: "another process has it" };
      throw new CloudHostError("HOST_UNAVAILABLE", "This process does not reach the server's host.", details, {
        cause,
      });
    }
  }

  /** The host's own word, where this process reaches it and it answers in time. */
  async #ask(hostId: string, serverId: string, mostMs: number): Promise<GuestState | undefined> {
    // Detached: a host that hangs is waited for no longer than the caller does.
    const asked = detached(() => this.#clock.busy(() => this.#hostsWord(hostId, serverId)));
    const said = await within(this.#clock, mostMs, asked);
    return said === late ? undefined : said;
  }

  async #hostsWord(hostId: string, serverId: string): Promise<GuestState | undefined> {
    try {
      const guest = await bind(this.#runtime.get(hostId)).compute.get(serverId);
      if (guest !== undefined) await this.changed(guest, this.#clock.nowMs());
      return guest;
    } catch (error) {
      if (!(error instanceof HostElsewhere))
        this.#logger.warn({ hostId, serverId, err: error }, "the host does not tell of its guest");
      return undefined;
    }
  }
}

/** A query about guests carries no epoch: it changes nothing. */
const bind = (host: OpenHost) => host.client.bind({ operationId: null, epoch: host.epoch, resource: host.id });
