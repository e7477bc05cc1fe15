import { detached } from "../clock/detached.ts";
import { within } from "../clock/within.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { ErrorJson } from "../errors.ts";
import type { Bus, HostCommand, HostReply, HostReport } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** How patient a follower is, in milliseconds. */
export interface Patience {
  /** How long beside its own time limit a command may take: waiting for its turn, and on the way. */
  readonly marginMs: number;
  /** How long the host may answer nothing at all. */
  readonly silenceMs: number;
  /** How long to wait for how a command ended that was cancelled or is too late. */
  readonly giveUpMs: number;
  /** The first pause before asking again; each is twice the last. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
}

/** What a host says of a command by itself. */
export type CommandReport = Extract<HostReport, { kind: "commandProgress" | "commandEnded" }>;

/** What a follower works with. */
export interface FollowerOptions {
  readonly bus: Bus;
  readonly host: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly patience: Patience;
  /** Passes on what the host says of a command until disposed of. */
  readonly listen: (commandId: string, listener: (report: CommandReport) => void) => Disposable;
  /** Cancels the command on the host. */
  readonly signal: AbortSignal | undefined;
  /** Ends the following alone: the command goes on, and whoever asks for it again is told how it ended. */
  readonly leave: AbortSignal;
  readonly onProgress: ((percent: number) => void) | undefined;
}

/** How a command ended. */
export type EndedReply = Extract<HostReply, { state: "succeeded" | "failed" }>;

const isEnd = (reply: HostReply): reply is EndedReply => reply.state === "succeeded" || reply.state === "failed";

/**
 * Hands one command over and follows it to its end over a bus that may lose, repeat, delay and reorder anything: sends
 * it again until it is accepted, listens to what the host says, asks when it says nothing, and sends it again when the
 * agent has forgotten it. It is the same command each time, so that the agent runs it once.
 */
export class CommandFollower {
  readonly #command: HostCommand;
  readonly #options: FollowerOptions;
  readonly #ended = Promise.withResolvers<EndedReply>();
  readonly #aborted = Promise.withResolvers<void>();
  readonly #left = Promise.withResolvers<void>();
  readonly #endsAtMs: number;
  #end: EndedReply | undefined;
  #percent = 0;
  #heardMs: number;
  /** Why the last question had no answer. */
  #noAnswer: CloudHostError | undefined;

  constructor(command: HostCommand, options: FollowerOptions) {
    this.#command = command;
    this.#options = options;
    this.#heardMs = options.clock.nowMs();
    this.#endsAtMs = this.#heardMs + command.timeoutMs + options.patience.marginMs;
  }

  /**
   * @throws CloudHostError why it was refused, `HOST_UNAVAILABLE` when the host is silent, `CANCELLED` when the signal
   * fired, `DEADLINE_EXCEEDED`. After the last three it may have been done all the same.
   */
  async follow(): Promise<EndedReply> {
    const { signal, leave, listen } = this.#options;
    using listening = new DisposableStack();
    listening.use(listen(this.#command.commandId, (report) => this.#hear(report)));
    const abort = (): void => {
      this.#aborted.resolve();
      if (leave.aborted) this.#left.resolve();
    };
    signal?.addEventListener("abort", abort, { once: true });
    listening.defer(() => signal?.removeEventListener("abort", abort));
    leave.addEventListener("abort", abort, { once: true });
    listening.defer(() => leave.removeEventListener("abort", abort));
    return await this.#follow();
  }

  async #follow(): Promise<EndedReply> {
    const { patience } = this.#options;
    if (this.#isAborted()) throw this.#cancelled();
    let pauseMs = patience.firstPauseMs;
    let accepted = false;
    for (;;) {
      accepted = accepted ? await this.#isKnown() : await this.#send();
      if (this.#end === undefined) await this.#pause(pauseMs);
      if (this.#end !== undefined) return this.#end;
      if (this.#options.leave.aborted) throw this.#leftAlone();
      if (this.#isAborted()) return this.#giveUp(this.#cancelled());
      if (this.#leftMs() <= 0) return this.#giveUp(this.#deadlineExceeded());
      if (this.#silentMs() > patience.silenceMs) throw this.#silent();
      pauseMs = Math.min(2 * pauseMs, patience.longestPauseMs);
    }
  }

  /** Whether it was accepted; `false` when nobody answered, or an agent that closes and may come back. */
  async #send(): Promise<boolean> {
    const { bus, host } = this.#options;
    const accepted = await this.#answer(async () => {
      const answer = await bus.send(host, this.#command);
      if (!answer.accepted) throw CloudHostError.fromJSON(answer.error as ErrorJson);
      return true;
    });
    return accepted === true;
  }

  /** Asks for its status; `false` when the agent does not know it any more, or never did. */
  async #isKnown(): Promise<boolean> {
    const { bus, host } = this.#options;
    const reply = await this.#answer(() => bus.status(host, this.#command.commandId));
    if (reply !== undefined) this.#read(reply);
    return reply?.state !== "unknown";
  }

  /**
   * Cancels it and waits a while for how it ended.
   * @throws the given error when that stays unknown, or the agent never began it and now never will
   */
  async #giveUp(error: CloudHostError): Promise<EndedReply> {
    const { bus, host, clock, patience } = this.#options;
    const { commandId } = this.#command;
    const untilMs = clock.nowMs() + patience.giveUpMs;
    let pauseMs = patience.firstPauseMs;
    while (clock.nowMs() < untilMs) {
      const cancelled = await this.#answer(async () => {
        await bus.cancel(host, commandId);
        return true;
      });
      const known = cancelled === undefined || (await this.#isKnown());
      if (this.#end !== undefined) break;
      if (!known) throw error;
      await within(clock, pauseMs, this.#ended.promise);
      pauseMs = Math.min(2 * pauseMs, patience.longestPauseMs);
    }
    const end = this.#end;
    if (end === undefined || (end.state === "failed" && end.error.code === "CANCELLED")) throw error;
    return end;
  }

  /** The host's answer; `undefined` when none came, or when the command's end was heard first. */
  async #answer<T>(ask: () => Promise<T>): Promise<T | undefined> {
    const { clock } = this.#options;
    // Detached: it may go on after we have heard enough, and its waits are then no longer ours.
    const asked = detached(ask);
    try {
      const enough = Promise.race([this.#ended.promise, this.#left.promise]).then(() => undefined);
      const answer = await clock.waiting(Promise.race([asked, enough]));
      if (answer !== undefined) this.#heardMs = clock.nowMs();
      return answer;
    } catch (error) {
      if (!isCloudHostError(error, "HOST_UNAVAILABLE")) throw error;
      const { commandId, kind } = this.#command;
      this.#noAnswer = error;
      this.#options.logger.debug({ host: this.#options.host, commandId, kind, err: error }, "no answer; asking again");
      return undefined;
    }
  }

  async #pause(ms: number): Promise<void> {
    const { clock } = this.#options;
    const pauseMs = Math.max(0, Math.min(ms, this.#leftMs()));
    await within(clock, pauseMs, Promise.race([this.#ended.promise, this.#aborted.promise]));
  }

  #hear(report: CommandReport): void {
    if (report.kind === "commandEnded") this.#read(report.reply);
    else this.#progress(report.percent);
  }

  #read(reply: HostReply): void {
    this.#heardMs = this.#options.clock.nowMs();
    if (reply.state === "running") this.#progress(reply.percent);
    if (!isEnd(reply) || this.#end !== undefined) return;
    this.#end = reply;
    this.#ended.resolve(reply);
  }

  #progress(percent: number): void {
    this.#heardMs = this.#options.clock.nowMs();
    if (percent <= this.#percent) return;
    this.#percent = percent;
    this.#options.onProgress?.(percent);
  }

  #isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #leftMs(): number {
    return this.#endsAtMs - this.#options.clock.nowMs();
  }

  #silentMs(): number {
    return this.#options.clock.nowMs() - this.#heardMs;
  }

  #cancelled(): CloudHostError {
    const { kind } = this.#command;
    const cause: unknown = this.#options.signal?.reason;
    return new CloudHostError(
      "CANCELLED",
      `${kind} on ${this.#options.host} was cancelled.`,
      { what: kind },
      { cause },
    );
  }

  #leftAlone(): CloudHostError {
    const { kind } = this.#command;
    const message = `${kind} on ${this.#options.host} is not waited for any more; it goes on.`;
    return new CloudHostError("CANCELLED", message, { what: `waiting for ${kind}` });
  }

  #deadlineExceeded(): CloudHostError {
    const { kind, timeoutMs } = this.#command;
    const message = `${kind} on ${this.#options.host} has not ended in time; whether it was done is unknown.`;
    return new CloudHostError("DEADLINE_EXCEEDED", message, { what: kind, timeoutMs });
  }

  #silent(): CloudHostError {
    const { host } = this.#options;
    const reason = `no answer for ${this.#silentMs()} ms`;
    const message = `${host} is silent: whether ${this.#command.kind} was done is unknown.`;
    return new CloudHostError(
      "HOST_UNAVAILABLE",
      message,
      { host, reason },
      { retryable: true, cause: this.#noAnswer },
    );
  }
}
