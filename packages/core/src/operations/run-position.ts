import { CloudHostError } from "../errors.ts";
import type { Act, Direction, OperationDefinition } from "./definition.ts";
import type { JournalEntry, OperationRow } from "./journal.ts";
import type { OperationState } from "./model.ts";
import { percentOf } from "./percent.ts";
import { goesOnBehind } from "./plan-commit.ts";
import type { StepContexts } from "./step-contexts.ts";

/** Where a run is, as its next journal entry will say it. */
export class RunPosition {
  readonly #definition: OperationDefinition;
  readonly #contexts: StepContexts;
  /** What the steps have returned. */
  state: object;
  /** The step at which it is. */
  cursor: number;
  /** Of the step at the cursor, counted from 0. */
  attempt: number;
  direction: Direction;
  noReturn: boolean;
  /** Whether anything outside may have been done. */
  outside: boolean;
  /** The last step that a run before this one may have begun: no journal entry tells. */
  readonly furthest: number;
  /** Why it is taken back, or stuck. */
  error: CloudHostError | undefined;

  constructor(definition: OperationDefinition, contexts: StepContexts, row: OperationRow) {
    this.#definition = definition;
    this.#contexts = contexts;
    this.state = JSON.parse(row.context) as object;
    this.cursor = row.cursor;
    this.furthest = row.cursor;
    while (goesOnBehind(definition, this.furthest)) this.furthest += 1;
    this.attempt = row.attempt;
    this.direction = row.direction;
    this.noReturn = Boolean(row.no_return);
    this.outside = Boolean(row.outside);
    this.error =
      row.error === null || row.direction === "do"
        ? undefined
        : CloudHostError.fromJSON(JSON.parse(row.error) as never);
  }

  /** The act step at the cursor, if it is one. */
  get act(): Act | undefined {
    const step = this.#definition.steps[this.cursor];
    return step?.type === "act" ? step : undefined;
  }

  get stepName(): string {
    return this.#definition.steps[this.cursor]?.name ?? "end";
  }

  /** Whether the next step begins without a journal entry of its own. */
  get goesOn(): boolean {
    return goesOnBehind(this.#definition, this.cursor);
  }

  /** Whether there is something to write before the step at the cursor is done. */
  get beginsAnew(): boolean {
    return this.act === undefined || this.act.mark !== undefined;
  }

  /** How far it is when this share of the step is done, in per cent. */
  percent(share: number): number {
    return percentOf(this.#definition, this.cursor, share);
  }

  /** The entry for a step, and what is known when it is committed. */
  entry(state: OperationState, cursor: number = this.cursor, context: object = this.state): JournalEntry {
    const step = this.#definition.steps[cursor];
    return {
      state,
      direction: this.direction,
      cursor,
      attempt: this.attempt,
      context,
      step: step?.name ?? "end",
      percent: state === "succeeded" ? 100 : percentOf(this.#definition, cursor),
      error: this.error,
      stuck: undefined,
      hostId: this.#contexts.hostOf(step, context),
      noReturn: this.noReturn,
      outside: this.outside,
    };
  }

  /** An entry was committed: this is where it is now. */
  moveTo(cursor: number, { context, noReturn, outside }: JournalEntry): void {
    this.cursor = cursor;
    this.state = context;
    this.noReturn = noReturn;
    this.outside = outside;
  }
}
