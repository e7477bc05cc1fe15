import { createHash } from "node:crypto";
import { GuardFailed } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import { idFromUuid } from "../ids.ts";
import type { OperationDefinition, Step } from "./definition.ts";
import { fenceGuard } from "./journal.ts";
import type { Fence, JournalEntry, OperationRow } from "./journal.ts";
import type { OperationState } from "./model.ts";
import { outboxEvent } from "./outbox.ts";
import { percentOf } from "./percent.ts";
import { joinScripts, nextAct } from "./plan-commit.ts";
import type { StepScript } from "./plan-commit.ts";
import { backOffMs, doAttemptsMost, roundsMost, undoAttemptsMost } from "./retry.ts";
import { HostElsewhere } from "./run-dependencies.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import type { RecordTools } from "./tools.ts";

type ActStep = Extract<Step, { type: "act" }>;
type Direction = "do" | "undo";

/** Another process has the operation by now: this run ends, and has changed nothing since. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** The journal could not be written: whether it was is unknown. The run ends, and goes on once its lease is over. */
export class StoreTrouble extends Error {
  override readonly name = "StoreTrouble";
}

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
  readonly #input: object;
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
    this.#input = definition.input.parse(JSON.parse(row.input));
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
    const { steps, kind } = this.#definition;
    const ends = to === steps.length;
    // While the commit is tried, a failure is the group's: undo then begins at its last step.
    this.#cursor = ends ? to - 1 : to;
    if (!ends && to > from) this.#cursor = to - 1;
    const decisions = new Map<number, object>();
    const picked = new Map<number, number>();
    for (let round = 0; round < roundsMost;) {
      const built = await this.#build(from, to, decisions, picked);
      if (built === undefined) {
        // Every alternative was refused: what was decided is out of date.
        decisions.clear();
        picked.clear();
        round += 1;
        continue;
      }
      const mark = ends ? undefined : this.#markOf(steps[to] as ActStep, "do", built.state);
      const scripts = [...built.scripts, ...(mark === undefined ? [] : [{ step: "mark", script: mark }])];
      const entry = this.#entry(
        ends ? "succeeded" : "running",
        ends ? to - 1 : to,
        built.state,
        ends ? 100 : undefined,
      );
      const refused = await this.#commit(scripts, entry, mark, ends ? [this.#ended(kind, "succeeded")] : []);
      if (refused === undefined) {
        this.#state = built.state;
        this.#cursor = to;
        return;
      }
      if (refused.how === "next") {
        const index = built.indexes[refused.script] ?? from;
        picked.set(index, (picked.get(index) ?? 0) + 1);
      } else {
        round += 1;
      }
    }
    const details = { resource: "places that are still free when they are claimed" };
    throw new CloudHostError("EXHAUSTED", "Others were faster at every place that was free.", details, {
      retryable: true,
    });
  }

  /** The scripts of a group with the alternatives picked so far; `undefined` when one of its steps has none left. */
  async #build(from: number, to: number, decisions: Map<number, object>, picked: ReadonlyMap<number, number>) {
    let state = this.#state;
    const scripts: StepScript[] = [];
    const indexes: number[] = [];
    for (let index = from; index < to; index += 1) {
      const step = this.#definition.steps[index];
      if (step?.type === "decide") {
        const decided =
          decisions.get(index) ?? (await step.run({ ...this.#known(state), ...this.#dependencies.decideTools }));
        decisions.set(index, decided);
        state = { ...state, ...decided };
      } else if (step?.type === "record") {
        const script = step.write({ ...this.#known(state), ...this.#recordTools() })[picked.get(index) ?? 0];
        if (script === undefined) return undefined;
        scripts.push({ step: step.name, script });
        indexes.push(index);
        state = { ...state, ...(script.result as object | undefined) };
      }
    }
    return { scripts, indexes, state };
  }

  /** Takes back every record step from here down to the next act step, and begins that one's undo; or ends it. */
  async #retreat(from: number): Promise<void> {
    const { steps, kind } = this.#definition;
    const scripts: StepScript[] = [];
    let index = from;
    for (; index >= 0; index -= 1) {
      const step = steps[index];
      if (step?.type === "act" && step.undo !== undefined) break;
      if (step?.type === "record" && step.undo !== undefined) {
        scripts.push({
          step: step.name,
          script: step.undo({ ...this.#known(this.#state), ...this.#recordTools() } as never),
        });
      }
    }
    const act = index < 0 ? undefined : (steps[index] as ActStep);
    const mark = act === undefined ? undefined : this.#markOf(act, "undo", this.#state);
    if (mark !== undefined) scripts.push({ step: "mark", script: mark });
    const error = this.#error ?? new CloudHostError("INTERNAL", "The operation failed.", {});
    if (act === undefined) {
      const context = { ...this.#known(this.#state), ...this.#recordTools() };
      scripts.push({ step: "failed", script: this.#definition.failed(context, error) });
    }
    const entry = this.#entry(act === undefined ? "failed" : "undoing", index, this.#state, undefined);
    await this.#commit(scripts, entry, mark, act === undefined ? [this.#ended(kind, "failed")] : []);
    this.#cursor = index;
  }

  async #stuck(error: CloudHostError): Promise<void> {
    const { logger } = this.#dependencies;
    logger.error(
      { operationId: this.#row.id, kind: this.#row.kind, step: this.#stepName(), err: error },
      "operation is stuck",
    );
    await this.#commit([], this.#entry("stuck", this.#cursor, this.#state, undefined), undefined, [
      this.#ended(this.#row.kind, "stuck"),
    ]);
  }

  /** One commit: the fenced entry first, then what the steps write. A refusal that an alternative may answer is returned. */
  async #commit(
    scripts: readonly StepScript[],
    entry: JournalEntry,
    mark: Script<{ revision: number }> | undefined,
    last: readonly ReturnType<typeof outboxEvent>[],
  ): Promise<{ how: "next" | "again"; script: number } | undefined> {
    const { database, journal, clock } = this.#dependencies;
    const nowMs = clock.nowMs();
    const joined = joinScripts(
      [journal.entry(this.#fence, entry, nowMs), journal.event(this.#row.id, entry.step, entry.state, nowMs), ...last],
      scripts,
    );
    try {
      const rows = await database.run({ statements: joined.statements, result: (all) => all });
      joined.committed(rows);
      if (mark !== undefined && typeof mark.result === "function") {
        this.#revision = mark.result(joined.rowsOf(scripts.length - 1, rows)).revision;
      }
      this.#report(entry);
      this.#dependencies.committed();
      return undefined;
    } catch (error) {
      if (database.isTrouble(error)) throw new StoreTrouble("The store is in trouble.", { cause: error });
      if (!(error instanceof GuardFailed)) throw error;
      if (error.guard === fenceGuard) throw new LeaseLost();
      const owner = joined.ownerOf(error.statement) ?? 0;
      const refused = await scripts[owner]?.script.refused?.(error.guard);
      if (refused === "next" || refused === "again") return { how: refused, script: owner };
      if (isCloudHostError(refused)) throw refused;
      const reason = `${scripts[owner]?.step ?? "journal"}: ${error.message}`;
      throw new CloudHostError("INTERNAL", reason, { reason }, { cause: error });
    }
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
        await this.#commit(
          [],
          this.#entry(direction === "do" ? "running" : "undoing", this.#cursor, this.#state, undefined),
          undefined,
          [],
        );
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

  #entry(state: OperationState, cursor: number, context: object, percent: number | undefined): JournalEntry {
    const { steps } = this.#definition;
    const step = steps[cursor]?.name ?? "end";
    const undone = state === "undoing" || state === "failed" || state === "stuck";
    return {
      state,
      cursor,
      attempt: this.#attempt,
      context,
      step,
      percent: percent ?? percentOf(this.#definition, cursor),
      error: undone ? this.#error : undefined,
      hostId: hostIn(this.#known(context)),
    };
  }

  #ended(kind: string, how: "succeeded" | "failed" | "stuck") {
    const { database, clock } = this.#dependencies;
    return outboxEvent(database.tables, {
      kind: `${kind}.${how}`,
      projectId: this.#row.project_id,
      resourceId: this.#row.resource_id,
      actor: this.#row.actor,
      data: { operationId: this.#row.id, ...(this.#error === undefined ? {} : { code: this.#error.code }) },
      atMs: clock.nowMs(),
    });
  }

  #report({ state, step, percent }: JournalEntry): void {
    this.#dependencies.progress({ operationId: this.#row.id, state, step, percent });
  }

  /** Whether this run ends here and another goes on, with nothing to take back. */
  #mustStop(error: unknown): boolean {
    return (
      error instanceof LeaseLost ||
      error instanceof HostElsewhere ||
      error instanceof StoreTrouble ||
      this.#signal.aborted
    );
  }

  #act(): ActStep | undefined {
    const step = this.#definition.steps[this.#cursor];
    return step?.type === "act" ? step : undefined;
  }

  #stepName(): string {
    return this.#definition.steps[this.#cursor]?.name ?? "end";
  }

  #markOf(act: ActStep, direction: Direction, state: object): Script<{ revision: number }> | undefined {
    return act.mark?.({ ...this.#known(state), ...this.#recordTools() }, direction);
  }

  /** What every step knows: the input, the subject's id under its own name, and what earlier steps returned. */
  #known(state: object): object {
    const [resource = ""] = this.#row.kind.split(".");
    return { input: this.#input, [`${resource}Id`]: this.#row.resource_id, ...state };
  }

  #recordTools(): RecordTools {
    return { ...this.#dependencies.recordTools, nowMs: this.#dependencies.clock.nowMs() };
  }

  #context(act: ActStep, direction: Direction): never {
    const { actTools, hosts } = this.#dependencies;
    const known = this.#known(this.#state);
    const hostId = hostIn(known);
    let commands = 0;
    const onPercent = (percent: number): void => {
      this.#dependencies.progress({
        operationId: this.#row.id,
        state: direction === "do" ? "running" : "undoing",
        step: act.name,
        percent: percentOf(this.#definition, this.#cursor, percent / 100),
      });
    };
    const nextCommandId = (): string => {
      const key = [this.#row.id, act.name, direction, this.#attempt, (commands += 1)].join("/");
      return idFromUuid("cmd", createHash("sha256").update(key).digest("hex").slice(0, 32));
    };
    const source = {
      operationId: this.#row.id,
      epoch: this.#row.epoch,
      resource: this.#row.resource_id,
      nextCommandId,
      onPercent,
    };
    return {
      ...known,
      ...actTools,
      transfer: { signal: this.#signal, onProgress: ({ percent }: { readonly percent: number }) => onPercent(percent) },
      revision: this.#revision,
      host: hostId === undefined ? undefined : hosts.host(hostId, source),
    } as never;
  }

  #boundary(direction: Direction, point: string): void {
    this.#dependencies.onBoundary(`${this.#row.kind} ${direction} ${point}`);
  }
}

/** The host that an operation is on: what a step returned, else its input. */
function hostIn(known: object): string | undefined {
  const { hostId, input } = known as { hostId?: string; input: { hostId?: string | null } };
  return hostId ?? input.hostId ?? undefined;
}
