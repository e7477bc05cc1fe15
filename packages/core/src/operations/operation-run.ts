import { GuardFailed } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Direction, OperationDefinition, Step } from "./definition.ts";
import { fenceGuard } from "./journal.ts";
import type { Fence, JournalEntry, OperationRow } from "./journal.ts";
import type { OperationState } from "./model.ts";
import { outboxEvent } from "./outbox.ts";
import { percentOf } from "./percent.ts";
import { joinScripts, nextAct } from "./plan-commit.ts";
import type { StepScript } from "./plan-commit.ts";
import { RecordGroup } from "./record-group.ts";
import { backOffMs, doAttemptsMost, roundsMost, undoAttemptsMost } from "./retry.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { StepContexts } from "./step-contexts.ts";
import { LeaseLost, StoreTrouble, endsRun } from "./stop-reasons.ts";

type ActStep = Extract<Step, { type: "act" }>;
type Mark = Script<{ revision: number }>;

/**
 * One run of one operation, from where its journal says it is to its end. Between two effects there is one commit: it
 * holds what the record steps between them write, the mark of the act step that comes next, and the journal entry.
 */
export class OperationRun {
  readonly #dependencies: RunDependencies;
  readonly #definition: OperationDefinition;
  readonly #row: OperationRow;
  readonly #signal: AbortSignal;
  readonly #fence: Fence;
  readonly #contexts: StepContexts;
  /** What the steps have returned. */
  #state: object;
  #cursor: number;
  #attempt: number;
  #error: CloudHostError | undefined;
  #revision = 0;

  constructor(dependencies: RunDependencies, definition: OperationDefinition, row: OperationRow, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#definition = definition;
    this.#row = row;
    this.#signal = signal;
    this.#fence = { operationId: row.id, owner: row.owner ?? "", epoch: row.epoch };
    this.#contexts = new StepContexts(dependencies, row, definition.input.parse(JSON.parse(row.input)), signal);
    this.#state = JSON.parse(row.context) as object;
    this.#cursor = row.cursor;
    this.#attempt = row.attempt;
    this.#error = row.error === null ? undefined : CloudHostError.fromJSON(JSON.parse(row.error) as never);
  }

  /**
   * Runs to the end, and says how it ended.
   * @throws LeaseLost, HostElsewhere when somebody else goes on with it; the signal's reason when this process stops
   */
  async run(): Promise<OperationState> {
    if (this.#row.state === "running") {
      try {
        await this.#forward();
        return "succeeded";
      } catch (error) {
        if (this.#mustStop(error)) throw error;
        this.#error = CloudHostError.from(error);
        this.#attempt = 0;
        this.#dependencies.logger.warn(
          { operationId: this.#row.id, kind: this.#row.kind, step: this.#stepName(), err: error },
          "operation failed, undoing",
        );
        await this.#retreat(this.#cursor);
      }
    } else if (this.#cursor >= 0 && this.#act()?.mark !== undefined) {
      await this.#retreat(this.#cursor);
    }
    return this.#backward();
  }

  async #forward(): Promise<void> {
    const { steps } = this.#definition;
    const current = steps[this.#cursor];
    // A step that was begun before a crash is begun again only where beginning it writes something.
    if (current?.type !== "act" || current.mark !== undefined) await this.#advance(this.#cursor);
    for (let act = this.#act(); act !== undefined; act = this.#act()) {
      this.#boundary("do", `${act.name}: begun`);
      const out = await this.#attempts(
        act,
        "do",
        doAttemptsMost,
        (error) => error.retryable,
        () => act.run(this.#context(act, "do")),
      );
      this.#boundary("do", `${act.name}: done`);
      this.#state = { ...this.#state, ...out };
      this.#attempt = 0;
      await this.#advance(this.#cursor + 1);
    }
    this.#boundary("do", "end");
  }

  async #backward(): Promise<OperationState> {
    while (this.#cursor >= 0) {
      const act = this.#act();
      if (act?.undo !== undefined) {
        this.#boundary("undo", `${act.name}: begun`);
        try {
          await this.#attempts(
            act,
            "undo",
            undoAttemptsMost,
            () => true,
            () => act.undo?.(this.#context(act, "undo")),
          );
        } catch (error) {
          if (this.#mustStop(error)) throw error;
          await this.#stuck(CloudHostError.from(error));
          return "stuck";
        }
        this.#boundary("undo", `${act.name}: done`);
      }
      this.#attempt = 0;
      await this.#retreat(this.#cursor - 1);
    }
    this.#boundary("undo", "end");
    return "failed";
  }

  /** Commits everything up to the next act step, and the entry that begins it; or the end. */
  async #advance(from: number): Promise<void> {
    const to = nextAct(this.#definition, from);
    const { steps } = this.#definition;
    const ends = to === steps.length;
    // While the commit is tried, a failure is the group's: undo then begins at its last step.
    this.#cursor = ends ? to - 1 : to;
    if (!ends && to > from) this.#cursor = to - 1;
    const group = new RecordGroup(this.#definition, this.#contexts, from, to);
    for (let round = 0; round < roundsMost;) {
      const built = await group.build(this.#state);
      if (built === undefined) {
        group.again();
        round += 1;
        continue;
      }
      const mark = ends ? undefined : this.#markOf(steps[to] as ActStep, "do", built.state);
      const entry = this.#entry(ends ? "succeeded" : "running", ends ? to - 1 : to, built.state);
      const refused = await this.#commit(built.scripts, entry, mark, ends ? "succeeded" : undefined);
      if (refused === undefined) {
        this.#state = built.state;
        this.#cursor = to;
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
    const { steps } = this.#definition;
    const scripts: StepScript[] = [];
    const context = this.#contexts.record(this.#state) as never;
    let index = from;
    for (; index >= 0; index -= 1) {
      const step = steps[index];
      if (step?.type === "act" && step.undo !== undefined) break;
      if (step?.type === "record" && step.undo !== undefined)
        scripts.push({ step: step.name, script: step.undo(context) });
    }
    const act = index < 0 ? undefined : (steps[index] as ActStep);
    if (act === undefined) {
      const error = this.#error ?? new CloudHostError("INTERNAL", "The operation failed.", {});
      scripts.push({ step: "failed", script: this.#definition.failed(context, error) });
    }
    const entry = this.#entry(act === undefined ? "failed" : "undoing", index, this.#state);
    const mark = act === undefined ? undefined : this.#markOf(act, "undo", this.#state);
    await this.#commit(scripts, entry, mark, act === undefined ? "failed" : undefined);
    this.#cursor = index;
  }

  async #stuck(err: CloudHostError): Promise<void> {
    const { id: operationId, kind } = this.#row;
    this.#dependencies.logger.error({ operationId, kind, step: this.#stepName(), err }, "operation is stuck");
    await this.#commit([], this.#entry("stuck", this.#cursor, this.#state), undefined, "stuck");
  }

  /**
   * One commit: the fenced entry first, then what the steps write, then the mark of the act step that comes next. A
   * refusal that an alternative may answer is returned.
   */
  async #commit(
    steps: readonly StepScript[],
    entry: JournalEntry,
    mark: Mark | undefined,
    ended: "succeeded" | "failed" | "stuck" | undefined,
  ): Promise<{ how: "next" | "again"; step: string } | undefined> {
    const { database, journal, clock } = this.#dependencies;
    const nowMs = clock.nowMs();
    const scripts = [...steps, ...(mark === undefined ? [] : [{ step: "mark", script: mark }])];
    const own = [
      journal.entry(this.#fence, entry, nowMs),
      journal.event(this.#row.id, entry.step, entry.state, nowMs),
      ...(ended === undefined ? [] : [this.#ended(ended, nowMs)]),
    ];
    const joined = joinScripts(own, scripts);
    try {
      const rows = await database.run({ statements: joined.statements, result: (all) => all });
      joined.committed(rows);
      if (mark !== undefined && typeof mark.result === "function") {
        this.#revision = mark.result(joined.rowsOf(steps.length, rows)).revision;
      }
    } catch (error) {
      if (database.isTrouble(error)) throw new StoreTrouble("The store is in trouble.", { cause: error });
      if (!(error instanceof GuardFailed)) throw error;
      if (error.guard === fenceGuard) throw new LeaseLost();
      const refused = scripts[joined.ownerOf(error.statement) ?? 0];
      const how = await refused?.script.refused?.(error.guard);
      if (refused !== undefined && (how === "next" || how === "again")) return { how, step: refused.step };
      if (isCloudHostError(how)) throw how;
      const reason = `${refused?.step ?? "journal"}: ${error.message}`;
      throw new CloudHostError("INTERNAL", reason, { reason }, { cause: error });
    }
    const { state, step, percent } = entry;
    this.#dependencies.progress({ operationId: this.#row.id, state, step, percent });
    this.#dependencies.committed();
    return undefined;
  }

  /** Runs an effect until it is done, or its attempts are. */
  async #attempts(
    act: ActStep,
    direction: Direction,
    most: number,
    again: (error: CloudHostError) => boolean,
    effect: () => Promise<object | void> | undefined,
  ): Promise<object | undefined> {
    const { clock, logger } = this.#dependencies;
    for (;;) {
      try {
        return (await this.#unlessStopped(effect)) ?? undefined;
      } catch (cause) {
        if (this.#mustStop(cause)) throw cause;
        const error = CloudHostError.from(cause);
        if (this.#attempt + 1 >= most || !again(error)) throw error;
        this.#attempt += 1;
        logger.warn(
          { operationId: this.#row.id, step: act.name, direction, attempt: this.#attempt, err: error },
          "step will be tried again",
        );
        // The attempt is journalled: its commands have ids of their own, also after a crash.
        const entry = this.#entry(direction === "do" ? "running" : "undoing", this.#cursor, this.#state);
        await this.#commit([], entry, undefined, undefined);
        await clock.sleep(backOffMs(this.#attempt), this.#signal);
      }
    }
  }

  /**
   * Waits for an effect, until this process stops: then it is left as it is, not cancelled. Its commands go on, and who
   * takes the operation over asks for the same ones and is told how they ended.
   */
  async #unlessStopped<Out>(effect: () => Promise<Out> | undefined): Promise<Out | undefined> {
    this.#signal.throwIfAborted();
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => stopped.reject(this.#signal.reason);
    this.#signal.addEventListener("abort", stop, { once: true });
    try {
      return await Promise.race([effect(), stopped.promise]);
    } finally {
      this.#signal.removeEventListener("abort", stop);
    }
  }

  #entry(state: OperationState, cursor: number, context: object): JournalEntry {
    const undone = state === "undoing" || state === "failed" || state === "stuck";
    return {
      state,
      cursor,
      attempt: this.#attempt,
      context,
      step: this.#definition.steps[cursor]?.name ?? "end",
      percent: state === "succeeded" ? 100 : percentOf(this.#definition, cursor),
      error: undone ? this.#error : undefined,
      hostId: this.#contexts.hostIn(context),
    };
  }

  #ended(how: "succeeded" | "failed" | "stuck", atMs: number): Statement {
    const { id: operationId, kind, project_id: projectId, resource_id: resourceId, actor } = this.#row;
    const data = { operationId, ...(this.#error === undefined ? {} : { code: this.#error.code }) };
    return outboxEvent(this.#dependencies.database.tables, {
      kind: `${kind}.${how}`,
      projectId,
      resourceId,
      actor,
      data,
      atMs,
    });
  }

  /** Whether this run ends here and another goes on, with nothing to take back. */
  #mustStop(error: unknown): boolean {
    return endsRun(error) || this.#signal.aborted;
  }

  #act(): ActStep | undefined {
    const step = this.#definition.steps[this.#cursor];
    return step?.type === "act" ? step : undefined;
  }

  #stepName(): string {
    return this.#definition.steps[this.#cursor]?.name ?? "end";
  }

  #markOf(act: ActStep, direction: Direction, state: object): Mark | undefined {
    return act.mark?.(this.#contexts.record(state) as never, direction);
  }

  #context(act: ActStep, direction: Direction): never {
    const onPercent = (percent: number): void =>
      this.#dependencies.progress({
        operationId: this.#row.id,
        state: direction === "do" ? "running" : "undoing",
        step: act.name,
        percent: percentOf(this.#definition, this.#cursor, percent / 100),
      });
    const attempt = { step: act.name, direction, attempt: this.#attempt, revision: this.#revision, onPercent };
    return this.#contexts.act(this.#state, attempt) as never;
  }

  #boundary(direction: Direction, point: string): void {
    this.#dependencies.onBoundary(`${this.#row.kind} ${direction} ${point}`);
  }
}
