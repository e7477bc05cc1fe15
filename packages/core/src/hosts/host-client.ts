import type { Subscription } from "rxjs";
import { detached } from "../clock/detached.ts";
import { CloudHostError } from "../errors.ts";
import type { ErrorJson } from "../errors.ts";
import type { Ids } from "../ids.ts";
import type { Bus, HostCommand, HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { hostCommands } from "../ports/host-commands.ts";
import type { HostCommandArgs, HostCommandKind, HostCommandResult } from "../ports/host-commands.ts";
import { silentLogger } from "../ports/logger.ts";
import type { Logger } from "../ports/logger.ts";
import { boundHostClient } from "./bound-host-client.ts";
import type { Binding, BoundHostClient, RunOptions } from "./bound-host-client.ts";
import { CommandFollower } from "./command-follower.ts";
import type { CommandReport, EndedReply, Patience } from "./command-follower.ts";

export type { Binding, BoundHostClient, NetworkChanges, RunOptions } from "./bound-host-client.ts";
export type { Patience } from "./command-follower.ts";

/** What a client is made with. */
export interface HostClientOptions {
  readonly bus: Bus;
  /** The host's name. */
  readonly host: string;
  readonly clock: Clock;
  readonly ids: Ids;
  /** @defaultValue a logger that says nothing */
  readonly logger?: Logger | undefined;
  /** Parts of {@link defaultPatience} to change. */
  readonly patience?: Partial<Patience> | undefined;
}

/** 5 minutes in the host's queues and on the way, 2 minutes of silence, pauses from 1 to 3 s. */
export const defaultPatience: Patience = {
  marginMs: 300_000,
  silenceMs: 120_000,
  giveUpMs: 30_000,
  firstPauseMs: 1000,
  longestPauseMs: 3_000,
};

/**
 * One host, as the steps of an operation see it: a call returns when its command has ended, and how it got there over a
 * bus that loses and repeats is hidden.
 *
 * @example
 * const host = new HostClient({ bus, host: "host-1", clock, ids });
 * await host.run("compute.start", { guestId }, { resource: guestId, operationId, epoch, timeoutMs: 60_000 });
 */
export class HostClient implements Disposable {
  readonly host: string;
  readonly #options: HostClientOptions;
  readonly #patience: Patience;
  readonly #listeners = new Map<string, Set<(report: CommandReport) => void>>();
  readonly #leave = new AbortController();
  #reports: Subscription | undefined;

  constructor(options: HostClientOptions) {
    this.host = options.host;
    this.#options = options;
    this.#patience = { ...defaultPatience, ...options.patience };
  }

  /**
   * Runs a command on the host and resolves with its result. One that was done although it was cancelled or late counts
   * as done.
   *
   * @throws CloudHostError what the host answered; `LOCKED` when a newer epoch came for the resource;
   * `HOST_UNAVAILABLE`, `DEADLINE_EXCEEDED` or `CANCELLED` when its end stayed unknown: then the same command with the
   * same id may be asked for again
   */
  async run<Kind extends HostCommandKind>(
    kind: Kind,
    args: HostCommandArgs<Kind>,
    { resource, operationId, epoch, commandId, timeoutMs, signal, onProgress }: RunOptions,
  ): Promise<HostCommandResult<Kind>> {
    const { bus, host, clock, ids, logger = silentLogger } = this.#options;
    const command: HostCommand = {
      commandId: commandId ?? ids.next("cmd"),
      operationId,
      epoch,
      resource,
      kind,
      // Every kind's arguments are JSON; the bus drops what is undefined, and the agent parses what arrives.
      args: args as HostCommand["args"],
      timeoutMs,
    };
    this.#hear();
    const listen = (id: string, listener: (report: CommandReport) => void): Disposable => this.#listen(id, listener);
    const patience = this.#patience;
    const leave = this.#leave.signal;
    const options = { bus, host, clock, logger, patience, listen, signal, leave, onProgress };
    const follower = new CommandFollower(command, options);
    return this.#resultOf(kind, await clock.busy(() => follower.follow()));
  }

  /** The host for one step or query: what every command of it carries is said once. */
  bind(binding: Binding): BoundHostClient {
    return boundHostClient(this.host, (kind, args, options) => this.run(kind, args, options), binding);
  }

  /** Follows nothing more: calls under way reject with `CANCELLED`, and their commands go on. */
  [Symbol.dispose](): void {
    this.#leave.abort();
    this.#reports?.unsubscribe();
    this.#reports = undefined;
  }

  /** Listens once for all commands, from the first on. */
  #hear(): void {
    this.#reports ??= detached(() => this.#options.bus.reports().subscribe((report) => this.#passOn(report)));
  }

  #passOn(report: HostReport): void {
    if (report.host !== this.host) return;
    if (report.kind !== "commandEnded" && report.kind !== "commandProgress") return;
    const commandId = report.kind === "commandEnded" ? report.reply.commandId : report.commandId;
    for (const listener of this.#listeners.get(commandId) ?? []) listener(report);
  }

  #listen(commandId: string, listener: (report: CommandReport) => void): Disposable {
    const listeners = this.#listeners.get(commandId) ?? new Set();
    this.#listeners.set(commandId, listeners.add(listener));
    return {
      [Symbol.dispose]: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(commandId);
      },
    };
  }

  #resultOf<Kind extends HostCommandKind>(kind: Kind, reply: EndedReply): HostCommandResult<Kind> {
    if (reply.state === "failed") throw CloudHostError.fromJSON(reply.error as ErrorJson);
    const parsed = hostCommands[kind].result.safeParse(reply.result);
    if (parsed.success) return parsed.data as HostCommandResult<Kind>;
    throw new CloudHostError(
      "INTERNAL",
      `${this.host} answered ${kind} with what is no result of it.`,
      { reason: parsed.error.message },
      { cause: parsed.error },
    );
  }
}
