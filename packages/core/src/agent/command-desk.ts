import { detached } from "../clock/detached.ts";
import { within } from "../clock/within.ts";
import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import type { Accepted, BusEndpoint, HostCommand, HostReply, HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import { hostCommands } from "../ports/host-commands.ts";
import type { HostCommandKind } from "../ports/host-commands.ts";
import type { Logger } from "../ports/logger.ts";
import type { CommandJournal } from "./command-journal.ts";
import { errorRecord } from "./error-record.ts";
import type { HostCalls } from "./host-calls.ts";
import { Lanes } from "./lanes.ts";
import type { Lane } from "./lanes.ts";
import { Recent } from "./recent.ts";
import { supervise } from "./supervise.ts";
import type { Outcome } from "./supervise.ts";

type SucceededReply = Extract<HostReply, { state: "succeeded" }>;

/** What a desk works with. */
export interface DeskOptions {
  readonly host: string;
  readonly journal: CommandJournal;
  readonly calls: HostCalls;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly report: (report: HostReport) => void;
  /** Called at each boundary of {@link agentBoundaries}. */
  readonly onBoundary: (name: string) => Promise<void> | void;
}

/** A command that was taken in and has not ended. */
interface Job {
  readonly command: HostCommand;
  readonly abort: AbortController;
  state: "queued" | "started" | "ending";
  percent: number;
}

/** Answers to those who only ask are kept in memory, so many; who missed one asks again. */
const keptAnswers = 64;
/** Commands that were cancelled before they came: late ones are refused. */
const keptCancelled = 1024;
/** How long commands under way may go on when the agent closes. */
const drainMs = 5_000;

const changing = (kind: HostCommandKind): boolean => hostCommands[kind].changes;

/** Where a kill must do no harm: before a driver is called, when it is done, and when the journal has that. */
export const agentBoundaries: readonly string[] = Object.keys(hostCommands)
  .filter((kind) => changing(kind as HostCommandKind))
  .flatMap((kind) => [`agent:journalled ${kind}`, `agent:effect ${kind}`, `agent:ended ${kind}`]);

/**
 * Takes a host's commands in, runs each once, and tells how they are. Those that change something are journalled
 * before they are accepted; those that only ask are not, and one whose answer was lost runs again.
 */
export class CommandDesk implements BusEndpoint {
  readonly #options: DeskOptions;
  readonly #lanes = new Lanes();
  readonly #jobs = new Map<string, Job>();
  readonly #answers = new Recent<HostReply>(keptAnswers);
  readonly #cancelled = new Recent<true>(keptCancelled);
  #closing: CloudHostError | undefined;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  async send(command: HostCommand): Promise<Accepted> {
    const { commandId, kind } = command;
    try {
      if (this.#closing !== undefined && !this.#knows(commandId)) throw this.#closing;
      if (this.#cancelled.get(commandId) === true) throw cancelled(kind);
      const args = parseInput(hostCommands[kind].args, command.args, `the arguments of ${kind}`);
      if (changing(kind)) await this.#admit(command, args);
      else this.#ask(command, args);
      return { accepted: true, commandId };
    } catch (error) {
      return { accepted: false, commandId, error: errorRecord(error) };
    }
  }

  async status(commandId: string): Promise<HostReply> {
    const job = this.#jobs.get(commandId);
    if (job !== undefined) return { state: "running", commandId, percent: job.percent };
    return this.#endOf(commandId) ?? { state: "unknown", commandId };
  }

  async cancel(commandId: string): Promise<void> {
    const job = this.#jobs.get(commandId);
    if (job === undefined) {
      if (this.#endOf(commandId) === undefined) this.#cancelled.set(commandId, true);
      return;
    }
    const error = cancelled(job.command.kind);
    job.abort.abort(error);
    if (job.state === "queued") await this.#end(job, { succeeded: false, error });
  }

  /**
   * Refuses what comes from now on, and forgets what has not begun. What is under way may end; after 5 s its signal
   * fires. What then does not end well is not journalled: it was interrupted, and a repeat runs it again.
   */
  async close(): Promise<void> {
    const { host, clock } = this.#options;
    this.#closing = new CloudHostError(
      "HOST_UNAVAILABLE",
      `The agent of ${host} is closing.`,
      { host, reason: "closing" },
      { retryable: true },
    );
    for (const [commandId, job] of this.#jobs) if (job.state === "queued") this.#jobs.delete(commandId);
    await within(clock, drainMs, this.#lanes.idle());
    for (const job of this.#jobs.values()) job.abort.abort(this.#closing);
    await within(clock, 2 * drainMs, this.#lanes.idle());
  }

  #knows(commandId: string): boolean {
    return this.#jobs.has(commandId) || this.#endOf(commandId) !== undefined;
  }

  #endOf(commandId: string): HostReply | undefined {
    return this.#options.journal.endOf(commandId) ?? this.#answers.get(commandId);
  }

  /** @throws CloudHostError when it is not taken in */
  async #admit(command: HostCommand, args: unknown): Promise<void> {
    const { host, journal, logger } = this.#options;
    const admission = journal.admit(command);
    if (admission.is === "refused") throw admission.error;
    // Queued at once, so that the order is that of arrival whatever the disk does.
    if (admission.is === "new") this.#queue(command, args, admission.durable);
    try {
      await admission.durable;
    } catch (cause) {
      logger.error({ host, err: cause }, "the command journal cannot be written");
      const reason = "its command journal cannot be written";
      const message = `${host} takes no command: ${reason}.`;
      throw new CloudHostError("HOST_UNAVAILABLE", message, { host, reason }, { cause, retryable: true });
    }
  }

  #ask(command: HostCommand, args: unknown): void {
    if (!this.#knows(command.commandId)) this.#queue(command, args, Promise.resolve());
  }

  #queue(command: HostCommand, args: unknown, durable: Promise<void>): void {
    const job: Job = { command, abort: new AbortController(), state: "queued", percent: 0 };
    this.#jobs.set(command.commandId, job);
    const run = async (): Promise<void> => {
      try {
        await this.#options.clock.busy(() => this.#run(job, args, durable));
      } catch (error) {
        // A fault of ours: to whoever asks, the command was interrupted.
        this.#jobs.delete(command.commandId);
        this.#options.logger.error({ host: this.#options.host, command, err: error }, "a command was lost");
      }
    };
    detached(() => this.#lanes.add(laneOf(command.kind), resourceOf(command), run));
  }

  async #run(job: Job, args: unknown, durable: Promise<void>): Promise<void> {
    const { clock, journal, calls, onBoundary } = this.#options;
    const { commandId, kind, timeoutMs } = job.command;
    try {
      await durable;
    } catch {
      this.#jobs.delete(commandId);
    }
    // It was cancelled, it is not in the journal, or the agent is closing.
    if (job.state !== "queued" || !this.#jobs.has(commandId)) return;
    job.state = "started";
    const superseded = journal.superseded(commandId);
    if (superseded !== undefined) return this.#end(job, { succeeded: false, error: superseded });
    if (changing(kind)) await onBoundary(`agent:journalled ${kind}`);
    const onProgress = (percent: number): void => this.#progress(job, percent);
    const call = calls[kind] as (args: unknown, context: object) => Promise<unknown>;
    const { outcome, settled } = await supervise(clock, job.abort, { timeoutMs, what: kind }, async (signal) =>
      hostCommands[kind].result.parse(await call(args, { commandId, signal, onProgress })),
    );
    if (outcome.succeeded && changing(kind)) await onBoundary(`agent:effect ${kind}`);
    await this.#end(job, outcome);
    // The next command for this resource waits until the driver is no longer at it.
    await settled();
  }

  async #end(job: Job, outcome: Outcome<unknown>): Promise<void> {
    const { host, report } = this.#options;
    const { commandId, kind } = job.command;
    job.state = "ending";
    const { aborted, reason } = job.abort.signal as { aborted: boolean; reason: unknown };
    const interrupted = !outcome.succeeded && aborted && reason === this.#closing;
    const reply = replyOf(commandId, outcome);
    if (!interrupted) await this.#remember(kind, reply);
    this.#jobs.delete(commandId);
    if (!interrupted) report({ kind: "commandEnded", host, reply });
  }

  async #remember(kind: HostCommandKind, reply: HostReply): Promise<void> {
    const { host, journal, logger, onBoundary } = this.#options;
    if (!changing(kind)) {
      this.#answers.set(reply.commandId, reply);
      return;
    }
    try {
      await journal.end(reply);
    } catch (error) {
      logger.error({ host, commandId: reply.commandId, err: error }, "the command journal cannot be written");
    }
    await onBoundary(`agent:ended ${kind}`);
  }

  #progress(job: Job, percent: number): void {
    if (job.state !== "started") return;
    const { host, report } = this.#options;
    const known = Math.min(100, Math.max(job.percent, percent));
    if (Math.floor(known) > Math.floor(job.percent)) {
      report({ kind: "commandProgress", host, commandId: job.command.commandId, percent: Math.floor(known) });
    }
    job.percent = known;
  }
}

function laneOf(kind: HostCommandKind): Lane {
  if (!changing(kind)) return "queries";
  return kind === "images.ensure" || kind === "images.ingest" ? "transfers" : "requests";
}

/** Whoever only asks waits for nobody; a host has one network, whatever its commands are said to be about. */
function resourceOf({ kind, resource }: HostCommand): string | undefined {
  if (!changing(kind)) return undefined;
  return kind === "network.apply" ? "network" : resource;
}

const replyOf = (commandId: string, outcome: Outcome<unknown>): HostReply =>
  outcome.succeeded
    ? { state: "succeeded", commandId, result: outcome.result as SucceededReply["result"] }
    : { state: "failed", commandId, error: errorRecord(outcome.error) };

const cancelled = (kind: HostCommandKind): CloudHostError =>
  new CloudHostError("CANCELLED", `${kind} was cancelled.`, { what: kind });
