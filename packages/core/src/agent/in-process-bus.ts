import { Subject } from "rxjs";
import type { Observable } from "rxjs";
import { detached } from "../clock/detached.ts";
import { late, within } from "../clock/within.ts";
import { CloudHostError } from "../errors.ts";
import { HostReport } from "../ports/bus.ts";
import type { Accepted, AgentBus, Bus, BusEndpoint, HostCommand, HostReply, ServedHost } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { silentLogger } from "../ports/logger.ts";
import type { Logger } from "../ports/logger.ts";
import { answerOf, cancelling, readAnswer, sending, statusAsking } from "./bus-exchange.ts";
import type { BusExchange } from "./bus-exchange.ts";
import { decode, encode } from "./bytes.ts";
import { FaultLayer } from "./fault-layer.ts";
import type { BusFaults } from "./fault-layer.ts";

/** What a bus inside one process is made with. */
export interface InProcessBusOptions {
  readonly clock: Clock;
  /**
   * How long an agent's answer is waited for. A virtual clock does not move while the agent works on it.
   * @defaultValue 2000
   */
  readonly requestTimeoutMs?: number | undefined;
  /** Makes it lose, repeat, delay and reorder messages: for tests. */
  readonly faults?: BusFaults | undefined;
  /** Whether messages to and from a host are lost, all of them: for tests of a host that is dead. */
  readonly isDead?: ((host: string) => boolean) | undefined;
  /** Is told the faults and their seed. @defaultValue a logger that says nothing */
  readonly logger?: Logger | undefined;
}

/**
 * A bus inside one process. Like one between machines it sends bytes: every command, reply and report is serialised,
 * parsed by its schema where it arrives, and frozen there.
 */
export class InProcessBus implements Bus, AgentBus {
  readonly #clock: Clock;
  readonly #requestTimeoutMs: number;
  readonly #logger: Logger;
  readonly #faults: FaultLayer | undefined;
  readonly #isDead: (host: string) => boolean;
  readonly #endpoints = new Map<string, BusEndpoint>();
  readonly #reports = new Subject<HostReport>();
  readonly #closed = new AbortController();

  /** @throws CloudHostError `INVALID_ARGUMENT` for faults that are none */
  constructor(options: InProcessBusOptions) {
    const { clock, requestTimeoutMs = 2_000, faults, isDead = () => false, logger = silentLogger } = options;
    this.#clock = clock;
    this.#requestTimeoutMs = requestTimeoutMs;
    this.#logger = logger;
    this.#isDead = isDead;
    this.#faults = faults === undefined ? undefined : new FaultLayer(faults);
    if (faults !== undefined) logger.info({ faults }, "the bus misbehaves");
  }

  send(host: string, command: HostCommand): Promise<Accepted> {
    return this.#exchange(sending, host, command);
  }

  status(host: string, commandId: string): Promise<HostReply> {
    return this.#exchange(statusAsking, host, commandId);
  }

  async cancel(host: string, commandId: string): Promise<void> {
    await this.#exchange(cancelling, host, commandId);
  }

  reports(): Observable<HostReport> {
    return this.#reports.asObservable();
  }

  /** @throws CloudHostError `LOCKED` when the host has an agent already */
  async serve(host: string, endpoint: BusEndpoint): Promise<ServedHost> {
    if (this.#endpoints.has(host)) {
      throw new CloudHostError("LOCKED", `${host} has an agent already.`, { resource: host, by: "another agent" });
    }
    this.#endpoints.set(host, endpoint);
    return {
      report: (report) => this.#report(endpoint, host, report),
      [Symbol.asyncDispose]: async () => {
        if (this.#endpoints.get(host) === endpoint) this.#endpoints.delete(host);
      },
    };
  }

  /** Ends it: what is on its way is lost, and the reports complete. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#endpoints.clear();
    this.#closed.abort();
    this.#reports.complete();
  }

  async #exchange<Question, Answer>(
    exchange: BusExchange<Question, Answer>,
    host: string,
    question: Question,
  ): Promise<Answer> {
    if (!this.#endpoints.has(host)) throw unavailable(host, "no agent serves it");
    const bytes = encode(question);
    const arrived = Promise.withResolvers<Uint8Array>();
    this.#carry(host, async () => {
      const endpoint = this.#endpoints.get(host);
      if (endpoint === undefined) return;
      const answer = await answerOf(exchange, endpoint, bytes);
      this.#carry(host, async () => arrived.resolve(answer));
    });
    const answer = await within(this.#clock, this.#requestTimeoutMs, arrived.promise);
    if (answer === late) throw unavailable(host, `no answer within ${this.#requestTimeoutMs} ms`);
    return readAnswer(exchange, answer);
  }

  #report(endpoint: BusEndpoint, host: string, report: HostReport): void {
    if (this.#endpoints.get(host) !== endpoint) return;
    const bytes = encode(report);
    this.#carry(host, async () => {
      try {
        this.#reports.next(decode(HostReport, bytes, "a report"));
      } catch (error) {
        this.#logger.error({ host, err: error }, "an agent sent what is no report");
      }
    });
  }

  /** Takes a message over: once and in its turn, or as the faults have it. On its way it belongs to nobody's work. */
  #carry(host: string, deliver: () => Promise<void>): void {
    if (this.#isDead(host)) return;
    for (const delayMs of this.#faults?.next() ?? [0]) {
      void detached(() => this.#clock.busy(() => this.#deliver(delayMs, deliver)));
    }
  }

  async #deliver(delayMs: number, deliver: () => Promise<void>): Promise<void> {
    try {
      await (delayMs > 0 ? this.#clock.sleep(delayMs, this.#closed.signal) : undefined);
    } catch {
      // The bus was closed meanwhile.
      return;
    }
    if (!this.#closed.signal.aborted) await deliver();
  }
}

const unavailable = (host: string, reason: string): CloudHostError =>
  new CloudHostError(
    "HOST_UNAVAILABLE",
    `${host} cannot be reached: ${reason}.`,
    { host, reason },
    { retryable: true },
  );
