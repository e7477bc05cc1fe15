import type { Script, Statement } from "../database/script.ts";
import type { OperationDefinition, Step } from "./definition.ts";

/** A script and the step that wrote it. */
export interface StepScript {
  readonly step: string;
  readonly script: Script<object | void>;
}

/** Several scripts as one list of statements, and whose each statement is. */
export interface JoinedScripts {
  readonly statements: readonly Statement[];
  /** By statement: index into the scripts, or `undefined` for one put before or behind them. */
  ownerOf(statement: number): number | undefined;
  /** Hands each script its own statements' rows. */
  committed(rows: readonly (readonly Readonly<Record<string, unknown>>[])[]): void;
  /** The rows of one script. */
  rowsOf(
    script: number,
    rows: readonly (readonly Readonly<Record<string, unknown>>[])[],
  ): readonly (readonly Readonly<Record<string, unknown>>[])[];
}

/** Joins scripts behind some statements of the engine's own. */
export function joinScripts(first: readonly Statement[], scripts: readonly StepScript[]): JoinedScripts {
  const starts: number[] = [];
  const statements = [...first];
  for (const { script } of scripts) {
    starts.push(statements.length);
    statements.push(...script.statements);
  }
  const rowsOf: JoinedScripts["rowsOf"] = (index, rows) => {
    const start = starts[index] ?? 0;
    return rows.slice(start, start + (scripts[index]?.script.statements.length ?? 0));
  };
  return {
    statements,
    ownerOf: (statement) => {
      for (let index = starts.length - 1; index >= 0; index -= 1) {
        if (statement >= (starts[index] ?? 0)) return index;
      }
      return undefined;
    },
    committed: (rows) => {
      for (const [index, { script }] of scripts.entries()) script.committed?.(rowsOf(index, rows));
    },
    rowsOf,
  };
}

/** The first act step at or behind an index, or the number of steps. */
export function nextAct({ steps }: OperationDefinition, from: number): number {
  const index = steps.findIndex((step: Step, at) => at >= from && step.type === "act");
  return index === -1 ? steps.length : index;
}

/** Whether the step behind this one begins without a journal entry of its own. */
export function goesOnBehind({ steps, pointOfNoReturn }: OperationDefinition, index: number): boolean {
  const [step, next] = [steps[index], steps[index + 1]];
  // The point of no return is passed by a commit.
  return step?.type === "act" && next?.type === "act" && next.goesOn === true && index + 1 !== pointOfNoReturn;
}
