import type { CloudHostError } from "../errors.ts";

/** What a statement can bind: what both databases and a message port carry alike. */
export type Binding = string | number | bigint | null | Uint8Array;

/** One row as the database gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** One statement of a script, `?` for each binding. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly Binding[];
  /** Rows it must change (or return): with any other number the whole script is undone. */
  readonly expect?: number;
  /** Names the guard in {@link GuardFailed}, so that the caller knows which of its conditions did not hold. */
  readonly guard?: string;
}

/**
 * One guarded transaction as a value: it commits whole or not at all, alone or in a group with others, and it never
 * waits for the caller in its middle. Ids are made by the caller, so that what follows need not be asked.
 */
export interface Script<Out = void> {
  readonly statements: readonly Statement[];
  /**
   * What it gives: known beforehand, or made from the rows that each statement returned. Scripts whose result is known
   * can be joined with those that need it.
   */
  readonly result: Out | ((rows: readonly (readonly Row[])[]) => Out);
  /** Told of its rows once it is committed, for what is kept in memory beside the database. */
  committed?(rows: readonly (readonly Row[])[]): void;
  /** What a guard that did not hold means. Without it, an `INTERNAL` error. */
  refused?(guard: string): Promise<Refused>;
}

/** `next`: try the next alternative. `again`: what stood in the way was put right. Or the error that it is. */
export type Refused = "next" | "again" | CloudHostError;

/** A guard did not hold: nothing of the script was done. */
export class GuardFailed extends Error {
  override readonly name = "GuardFailed";
  readonly guard: string;
  /** Which statement, counted from 0. */
  readonly statement: number;

  /** @param changed where it is known */
  constructor(guard: string, statement: number, expected: number, changed?: number) {
    super(`The guard "${guard}" did not hold: ${changed ?? "other"} rows instead of ${expected}.`);
    this.guard = guard;
    this.statement = statement;
  }
}

/** A statement, its bindings beside it. */
export const statement = (sql: string, bindings: readonly Binding[] = []): Statement => ({ sql, bindings });

/** A statement that must change just one row, or the script is undone and `guard` named. */
export const guarded = (guard: string, sql: string, bindings: readonly Binding[] = []): Statement => ({
  sql,
  bindings,
  expect: 1,
  guard,
});

/** A new row. */
export function insertInto(table: string, row: Readonly<Record<string, Binding>>): Statement {
  const columns = Object.keys(row);
  const marks = columns.map(() => "?").join(", ");
  return statement(`INSERT INTO ${table} (${columns.join(", ")}) VALUES (${marks})`, Object.values(row));
}

/** A row whose name nobody may have yet. Gives whether it was put in: `false` when another has the name. */
export const insertNew = (table: string, row: Readonly<Record<string, Binding>>): Script<boolean> => {
  const { sql, bindings } = insertInto(table, row);
  return counting(`${sql} ON CONFLICT DO NOTHING RETURNING id`, bindings);
};

/** Deletes the row of that id. Gives whether there was one. */
export const removeOne = (table: string, id: string): Script<boolean> =>
  counting(`DELETE FROM ${table} WHERE id = ? RETURNING id`, [id]);

const counting = (sql: string, bindings: readonly Binding[]): Script<boolean> => ({
  statements: [statement(sql, bindings)],
  result: ([rows]) => (rows?.length ?? 0) > 0,
});

/** A script that gives nothing. */
export const script = (...statements: readonly Statement[]): Script => ({ statements, result: undefined });

/** What a script gave, once its rows are there. */
export const resultOf = <Out>(done: Script<Out>, rows: readonly (readonly Row[])[]): Out =>
  typeof done.result === "function" ? (done.result as (rows: readonly (readonly Row[])[]) => Out)(rows) : done.result;
