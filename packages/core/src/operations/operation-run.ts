import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Act, Direction, OperationDefinition } from "./definition.ts";
import type { Interruption } from "./interruption.ts";
import type { OperationRow } from "./journal.ts";
import type { OperationState } from "./model.ts";
import { nextAct } from "./plan-commit.ts";
import type { StepScript } from "./plan-commit.ts";
import { RecordGroup } from "./record-group.ts";
import { backOffMs, doAttemptsMost, roundsMost, undoAttemptsMost } from "./retry.ts";
import { RunCommits } from "./run-commits.ts";
import type { Mark } from "./run-commits.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { RunPosition } from "./run-position.ts";
import { StepContexts } from "./step-contexts.ts";
import { endsRun } from "./stop-reasons.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** What a run is of. */
export interface RunSubject {
  readonly definition: OperationDefinition;
  readonly row: OperationRow;
  /** The row's, parsed. */
  readonly input: object;
  readonly interruption: Interruption;
}

/**
 * One run of one operation, from where its journal says it is to its end. Between two effects there is one commit: it
 * holds what the record steps between them write, the mark of the act step that comes next, and the journal entry.
 * There is none where the next step goes straight on.
 */
export class OperationRun {
  readonly #dependencies: RunDependencies;
  readonly #definition: OperationDefinition;
  readonly #row: OperationRow;
  readonly #interruption: Interruption;
  readonly #stop: AbortSignal;
  readonly #contexts: StepContexts;
  readonly #commits: RunCommits;
  readonly #at: RunPosition;

  /** @param stop fires when this process stops */
  constructor(dependencies: RunDependencies, { definition, row, input, interruption }: RunSubject, stop: AbortSignal) {
    this.#dependencies = dependencies;
    this.#definition = definition;
    this.#row = row;
    this.#interruption = interruption;
    this.#stop = stop;
    this.#contexts = new StepContexts(dependencies, row, input, stop);
    this.#commits = new RunCommits(dependencies, row, interruption);
    this.#at = new RunPosition(definition, this.#contexts, row);
  }

  /**
   * Runs to the end, and says how it ended.
   * @throws LeaseLost, HostElsewhere when somebody else goes on with it; the signal's reason when this process stops
   */
  async run(): Promise<OperationState> {
    try {
      const resumed = this.#at.direction === "undo";
      if (!resumed && (await this.#forward())) return "succeeded";
      await this.#backward(resumed);
      return "failed";
    } catch (error) {
      if (this.#mustStop(error)) throw error;
      return this.#stuck(CloudHostError.from(error));
    }
  }

  /**
   * @returns whether it is done; `false` when it is to be taken back
   * @throws CloudHostError when it failed where nothing is taken back
   */
  async #forward(): Promise<boolean> {
    const at = this.#at;
    try {
      await this.#take();
      return true;
    } catch (error) {
      if (this.#mustStop(error) || at.noReturn) throw error;
      at.error = this.#interruption.reason ?? CloudHostError.from(error);
      at.cursor = Math.max(at.cursor, at.furthest);
      at.attempt = 0;
      at.direction = "undo";
      const { id: operationId, kind } = this.#row;
      const { stepName: step, error: err } = at;
      this.#dependencies.logger.warn({ operationId, kind, step, err }, "operation failed, undoing");
      return false;
    }
  }

  /** Takes the steps from the one at the cursor to the last. */
  async #take(): Promise<void> {
    const at = this.#at;
    if (!at.noReturn) this.#interruption.throwIfDue();
    // A step that was begun before a crash is begun again only where beginning it writes something.
    if (at.beginsAnew) await this.#advance(at.cursor);
    for (;;) {
      const { act } = at;
      if (act === undefined) break;
      this.#boundary("do", `${act.name}: begun`);
      const out = await this.#persist(() => act.run(this.#context(act)));
      this.#boundary("do", `${act.name}: done`);
      at.state = { ...at.state, ...out };
      at.attempt = 0;
      if (at.goesOn) this.#goOn();
      else await this.#advance(at.cursor + 1);
    }
    this.#boundary("do", "end");
  }

  /** Begins the next step without a commit. */
  #goOn(): void {
    const at = this.#at;
    if (!at.noReturn) this.#interruption.throwIfDue();
    at.cursor += 1;
    const { stepName: step } = at;
    this.#dependencies.progress({ operationId: this.#row.id, state: "running", step, percent: at.percent(0) });
  }

  /** Takes the steps back, from the one at the cursor to the first. */
  async #backward(resumed: boolean): Promise<void> {
    const at = this.#at;
    if (!resumed || at.beginsAnew) await this.#retreat(at.cursor);
    while (at.cursor >= 0) {
      const { act } = at;
      if (act?.undo !== undefined) {
        this.#boundary("undo", `${act.name}: begun`);
        await this.#persist(() => takeBack(act, this.#context(act)));
        this.#boundary("undo", `${act.name}: done`);
      }
      at.attempt = 0;
      await this.#retreat(at.cursor - 1);
    }
    this.#boundary("undo", "end");
  }

  /** Commits everything up to the next act step, and the entry that begins it; or the end. */
  async #advance(from: number): Promise<void> {
    // Before the point of no return a refusal takes all back; behind it, it is tried again.
    await (this.#at.noReturn ? this.#persist(() => this.#commitGroup(from)) : this.#commitGroup(from));
  }

  async #commitGroup(from: number): Promise<void> {
    const at = this.#at;
    const to = nextAct(this.#definition, from);
    const act = this.#definition.steps[to] as Act | undefined;
    if (!at.noReturn) this.#interruption.throwIfDue();
    // While the commit is tried, a failure is the group's: undo then begins at its last step.
    at.cursor = act === undefined || to > from ? to - 1 : to;
    const group = new RecordGroup(this.#definition, this.#contexts, from, to);
    for (let round = 0; round < roundsMost;) {
      const built = await group.build(at.state);
      if (built === undefined) {
        group.again();
        round += 1;
        continue;
      }
      const entry = {
        ...(act === undefined ? at.entry("succeeded", to - 1, built.state) : at.entry("running", to, built.state)),
        noReturn: to >= this.#definition.pointOfNoReturn,
        outside: at.outside || (act !== undefined && this.#reaches(act, built.state)),
      };
      const mark = act === undefined ? undefined : this.#markOf(act, built.state);
      const refused = await this.#commits.commit(entry, built.scripts, mark);
      if (refused === undefined) {
        at.moveTo(to, entry);
        if (at.noReturn) this.#interruption.disarm();
        return;
      }
      if (refused.how === "next") group.next(refused.step);
      else round += 1;
    }
    const details = { resource: "places that are still free when they are claimed" };
    throw new CloudHostError("EXHAUSTED", "Others were faster at every place that was free.", details, {
      retryable: true,
    });
  }

  /** Takes back every record step from here down to the next act step, and begins that one's undo; or ends it. */
  async #retreat(from: number): Promise<void> {
    await this.#persist(() => this.#commitRetreat(from));
  }

  async #commitRetreat(from: number): Promise<void> {
    const { steps, failed } = this.#definition;
    const at = this.#at;
    const scripts: StepScript[] = [];
    const context = this.#contexts.record(at.state) as never;
    let index = from;
    for (; index >= 0; index -= 1) {
      const step = steps[index];
      if (step?.type === "act" && step.undo !== undefined) {
        if (at.outside) break;
        // It was begun in the journal only.
        const mark = this.#markOf(step, at.state);
        if (mark !== undefined) scripts.push({ step: step.name, script: mark });
      } else if (step?.type === "record" && step.undo !== undefined) {
        scripts.push({ step: step.name, script: step.undo(context) });
      }
    }
    const act = index < 0 ? undefined : (steps[index] as Act);
    if (act === undefined) {
      const error = at.error ?? new CloudHostError("INTERNAL", "The operation failed.", {});
      scripts.push({ step: "failed", script: failed(context, error) });
    }
    const entry = at.entry(act === undefined ? "failed" : "undoing", index);
    await this.#commits.commit(entry, scripts, act === undefined ? undefined : this.#markOf(act, at.state));
    at.moveTo(index, entry);
  }

  async #stuck(error: CloudHostError): Promise<OperationState> {
    const at = this.#at;
    const { id: operationId, kind } = this.#row;
    this.#dependencies.logger.error({ operationId, kind, step: at.stepName, err: error }, "operation is stuck");
    at.error ??= error;
    await this.#commits.commit({ ...at.entry("stuck"), stuck: { error, attempts: at.attempt + 1 } });
    return "stuck";
  }

  /** Does something until it is done, or its attempts are. */
  async #persist<Out>(effect: () => Promise<Out> | undefined): Promise<Out | undefined> {
    const at = this.#at;
    const { cursor } = at;
    for (;;) {
      try {
        // When this process stops, an effect is left as it is, not cancelled: its commands go on, and who takes the
        // operation over asks for the same ones and is told how they ended.
        return await unlessAborted(this.#stop, effect);
      } catch (cause) {
        if (this.#mustStop(cause)) throw cause;
        const error = CloudHostError.from(cause);
        const again = this.#triesAgain(error);
        if (again || at.noReturn) at.cursor = cursor;
        if (!again) throw error;
        await this.#backOff(error);
      }
    }
  }

  #triesAgain(error: CloudHostError): boolean {
    const { attempt, direction, noReturn } = this.#at;
    if (direction === "undo" || noReturn) return attempt + 1 < undoAttemptsMost;
    return error.retryable && attempt + 1 < doAttemptsMost && this.#interruption.reason === undefined;
  }

  /** Journals that an attempt failed, and waits before the next. */
  async #backOff(err: CloudHostError): Promise<void> {
    const { clock, logger } = this.#dependencies;
    const at = this.#at;
    at.attempt += 1;
    const { stepName: step, direction, attempt } = at;
    logger.warn({ operationId: this.#row.id, step, direction, attempt, err }, "step will be tried again");
    // The attempt is journalled: its commands have ids of their own, also after a crash.
    await this.#commits.commit(at.entry(direction === "do" ? "running" : "undoing"));
    const signals = [this.#stop, this.#signal()].filter((signal) => signal !== undefined);
    await clock.sleep(backOffMs(attempt), AbortSignal.any(signals));
  }

  /** Whether this run ends here and another goes on, with nothing to take back. */
  #mustStop(error: unknown): boolean {
    return endsRun(error) || this.#stop.aborted;
  }

  /** Whether a step's effect is within this process's reach. */
  #reaches(act: Act, state: object): boolean {
    const hostId = this.#contexts.hostOf(act, state);
    return hostId === undefined || this.#dependencies.hosts.reaches(hostId);
  }

  /** Ends what is under way before its time; nothing does on the way back, or past the point of no return. */
  #signal(): AbortSignal | undefined {
    return this.#at.direction === "undo" || this.#at.noReturn ? undefined : this.#interruption.signal;
  }

  #markOf(act: Act, state: object): Mark | undefined {
    return act.mark?.(this.#contexts.record(state) as never, this.#at.direction);
  }

  #context(act: Act): never {
    const { attempt, direction, state } = this.#at;
    const progressed = { operationId: this.#row.id, state: direction === "do" ? "running" : "undoing" } as const;
    const onPercent = (percent: number): void =>
      this.#dependencies.progress({ ...progressed, step: act.name, percent: this.#at.percent(percent / 100) });
    const { revision } = this.#commits;
    const attempted = { step: act.name, direction, attempt, revision, signal: this.#signal(), onPercent };
    return this.#contexts.act(act, state, attempted) as never;
  }

  #boundary(direction: Direction, point: string): void {
    this.#dependencies.onBoundary(`${this.#row.kind} ${direction} ${point}`);
  }
}

/** Of a guest that is gone, or never was, there is nothing to take back. */
async function takeBack(act: Act, context: never): Promise<void> {
  try {
    await act.undo?.(context);
  } catch (error) {
    if (!isCloudHostError(error, "GUEST_NOT_FOUND")) throw error;
  }
}
