import type { OperationDefinition, Step } from "./definition.ts";
import type { StepScript } from "./plan-commit.ts";
import type { StepContexts } from "./step-contexts.ts";

/** What a group of steps writes, and the state behind it. */
export interface BuiltGroup {
  readonly scripts: readonly StepScript[];
  readonly state: object;
}

/**
 * The decide and record steps between two effects, which commit together. Each record step's alternatives are tried in
 * their order; when one step has none left, everything is decided anew.
 */
export class RecordGroup {
  readonly #steps: readonly Step[];
  readonly #contexts: StepContexts;
  readonly #decisions = new Map<Step, object>();
  readonly #picked = new Map<string, number>();

  /** @param from first step; the group ends before `to` */
  constructor({ steps }: OperationDefinition, contexts: StepContexts, from: number, to: number) {
    this.#steps = steps.slice(from, to);
    this.#contexts = contexts;
  }

  /** What the steps write with the alternatives picked so far; `undefined` when one of them has none left. */
  async build(before: object): Promise<BuiltGroup | undefined> {
    let state = before;
    const scripts: StepScript[] = [];
    for (const step of this.#steps) {
      if (step.type === "decide") {
        const decided = this.#decisions.get(step) ?? (await step.run(this.#contexts.decide(state)));
        this.#decisions.set(step, decided);
        state = { ...state, ...decided };
      } else if (step.type === "record") {
        const script = step.write(this.#contexts.record(state) as never)[this.#picked.get(step.name) ?? 0];
        if (script === undefined) return undefined;
        scripts.push({ step: step.name, script });
        state = { ...state, ...(script.result as object | undefined) };
      }
    }
    return { scripts, state };
  }

  /** A step's alternative was refused: its next one. */
  next(step: string): void {
    this.#picked.set(step, (this.#picked.get(step) ?? 0) + 1);
  }

  /** What was decided is out of date. */
  again(): void {
    this.#decisions.clear();
    this.#picked.clear();
  }
}
