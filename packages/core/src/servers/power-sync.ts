import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { HostRuntime, OpenHost } from "../hosts/host-runtime.ts";
import type { NetworkConvergence } from "../networks/convergence.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { outboxEvent } from "../operations/outbox.ts";
import { HostElsewhere } from "../operations/stop-reasons.ts";
import type { Clock } from "../ports/clock.ts";
import type { GuestState } from "../ports/guest.ts";
import type { Logger } from "../ports/logger.ts";
import { driftOf } from "./drift.ts";
import type { Drift, DriftPolicy } from "./drift.ts";
import { startServer, stopServer } from "./operations/power.ts";
import type { ServerState } from "./model.ts";
import type { UnknownGuests } from "./unknown-guests.ts";
import type { ComparedServer, ComparisonStore } from "./comparison-store.ts";

/** What {@link PowerSync} works with. */
export interface PowerSyncParts {
  readonly database: Database;
  readonly comparisons: ComparisonStore;
  readonly runtime: HostRuntime;
  readonly engine: OperationEngine;
  readonly convergence: NetworkConvergence;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policy: DriftPolicy;
  readonly unknown: Pick<UnknownGuests, "report">;
  /** Told when there is something new in the outbox. */
  readonly written: { next(): void };
}

/** Who does what the policy says. */
const actor = "system: drift";
/** Guests of one host that are started at once when it has come back. */
const startsAtOnce = 4;

/**
 * Keeps servers in line with their guests. A guest that is not as its server says was changed behind our back: by
 * somebody on the host, or by a crash.
 *
 * What a host reported may be old by the time it is read, and clocks differ. So a report only raises a suspicion: the
 * server's row is read, its host is asked anew, and what it answers is written only if no operation has had the server
 * since that row was read. An operation leaves its id in the row, so the order is the store's own.
 */
export class PowerSync {
  readonly #parts: PowerSyncParts;
  /** Hosts whose guests were settled when this process opened them: before that, what stopped is not compared. */
  readonly #settled = new WeakSet<OpenHost>();

  constructor(parts: PowerSyncParts) {
    this.#parts = parts;
  }

  /** Looks at one server whose guest was reported to be other than it is. What is answered by an operation waits. */
  async suspect(serverId: string): Promise<void> {
    const server = await this.#parts.comparisons.compared(serverId);
    const { policy, runtime } = this.#parts;
    if (server === undefined || !runtime.has(server.host_id) || !this.#settled.has(runtime.get(server.host_id))) return;
    await this.#look(server, policy, false);
  }

  /** Compares all servers of a host with the guests that it has just listed, and tells of guests of no server. */
  async compare(host: OpenHost, guests: readonly GuestState[]): Promise<void> {
    if (!this.#settled.has(host)) return;
    for (const server of await this.#drifted(host, guests)) await this.#look(server, this.#parts.policy);
    await this.#parts.unknown.report(host, guests);
  }

  /**
   * Settles a host that this process has just opened: what ran before it went is started again where the policy says
   * so, and images that are held for servers that are gone are let go.
   */
  async opened(host: OpenHost): Promise<void> {
    const { clock, convergence, policy } = this.#parts;
    const restart = policy.afterHostRestart === "as-before";
    const drifted = await this.#drifted(host, host.recovery.guests);
    // A guest needs its network before it starts.
    if (restart && drifted.length > 0) await convergence.converge(host.id, 0);
    const waiting = [...drifted];
    const next = async (): Promise<void> => {
      for (let server = waiting.shift(); server !== undefined; server = waiting.shift()) {
        await this.#look(server, { ...policy, stopped: restart ? "restart" : "record" });
      }
    };
    await clock.waiting(Promise.all(Array.from({ length: startsAtOnce }, next)));
    this.#settled.add(host);
    await this.#releaseHolders(host);
    await this.#parts.unknown.report(host, host.recovery.guests);
  }

  async #drifted(host: OpenHost, guests: readonly GuestState[]): Promise<readonly ComparedServer[]> {
    const powers = new Map(guests.map(({ id, power }) => [id, power]));
    const servers = await this.#parts.comparisons.comparedOn(host.id);
    return servers.filter((server) => driftOf(server, powers.get(server.id) ?? "missing") !== undefined);
  }

  /**
   * Asks the host, and acts on what it says now.
   * @param answers whether an operation may answer; else what one would answer is left for the next comparison, so that
   * a guest that stops again and again is not started again and again at once
   */
  async #look(server: ComparedServer, policy: DriftPolicy, answers = true): Promise<void> {
    const { clock, engine, logger, runtime } = this.#parts;
    try {
      const guest = await bind(runtime.get(server.host_id)).compute.get(server.id);
      const drift = driftOf(server, guest?.power ?? "missing");
      if (drift === undefined) return;
      const answer = answerTo(server.state, drift, policy);
      if (answer !== undefined && !answers) return;
      logger.warn(
        { serverId: server.id, ...drift, done: answer?.definition.kind ?? "record" },
        "a guest is not as its server",
      );
      if (answer === undefined) return await this.#record(server, drift);
      const operation = await this.#answer(server, drift, answer);
      await clock.waiting(engine.ended(operation));
    } catch (err) {
      // An operation took the server meanwhile: the guest is that one's to change.
      if (err instanceof GuardFailed || err instanceof HostElsewhere) return;
      logger.warn({ serverId: server.id, err }, "a server could not be compared with its guest");
    }
  }

  async #record(server: ComparedServer, drift: Drift): Promise<void> {
    const { database, comparisons, written } = this.#parts;
    const found = comparisons.drifted(server, drift.state, drift.fault);
    await database.run(script(found, this.#event(server, drift, "recorded")));
    written.next();
  }

  async #answer(server: ComparedServer, drift: Drift, { done, ...answer }: Answer): Promise<string> {
    const { engine, comparisons } = this.#parts;
    const { id } = await engine.submit({
      ...answer,
      projectId: server.project_id,
      actor: { userId: actor },
      resourceId: server.id,
      hostId: server.host_id,
      idempotencyKey: undefined,
      request: { server: server.id },
      input: { hostId: server.host_id, graceMs: 30_000, ...answer.input },
      statements: (operationId) => [
        comparisons.drifted(server, drift.state, drift.fault, operationId),
        this.#event(server, drift, done),
      ],
      refused: async () =>
        new CloudHostError("CONFLICT", "The server was changed meanwhile.", {
          state: server.state,
          allowed: [server.state],
        }),
    });
    return id;
  }

  #event(server: ComparedServer, { expected, found }: Drift, done: string): Statement {
    const { clock, database } = this.#parts;
    return outboxEvent(database.tables, {
      kind: `server.drift.${found}`,
      projectId: server.project_id,
      resourceId: server.id,
      actor,
      data: { expected, found, done },
      atMs: clock.nowMs(),
    });
  }

  /** Lets go the images that are held for a server that is gone, or on another host with no operation under way. */
  async #releaseHolders(host: OpenHost): Promise<void> {
    const { logger, comparisons } = this.#parts;
    for (const holder of host.recovery.holdersWithoutGuest) {
      try {
        if (await comparisons.mayBeOn(holder, host.id)) continue;
        await bind(host).images.release(holder);
        logger.info({ host: host.name, holder }, "images of a server that is gone were let go");
      } catch (err) {
        logger.warn({ host: host.name, holder, err }, "images of a server that is gone are still held");
      }
    }
  }
}

/** The operation that a drift is answered with, and what is told of it. */
interface Answer {
  readonly definition: OperationDefinition;
  readonly input: object;
  readonly done: "restarting" | "stopping";
}

/** What the policy answers a drift with, if anything. */
function answerTo(state: ServerState, { expected, found }: Drift, policy: DriftPolicy): Answer | undefined {
  if (found === "stopped" && expected === "running" && policy.stopped === "restart")
    return { definition: startServer, input: { state }, done: "restarting" };
  if (found === "running" && expected === "stopped" && policy.started === "stop")
    return { definition: stopServer, input: {}, done: "stopping" };
  return undefined;
}

const bind = (host: OpenHost) => host.client.bind({ operationId: null, epoch: host.epoch, resource: host.id });
