import type { tokens } from "@cloudhost/core";
import type { ServiceIdentifier } from "inversify";
import knex from "knex";

type Database = typeof tokens.database extends ServiceIdentifier<infer Bound> ? Bound : never;

/**
 * What one would write first: the same store over stock knex and better-sqlite3 on the main thread, every script an
 * interactive transaction of its own, as durable as ours.
 * @param shipped tells its tables and its dialect
 */
export async function mainThreadDatabase(shipped: Database, file: string): Promise<Database> {
  const GuardFailed = await guardFailedOf(shipped);
  const plain = knex({
    client: "better-sqlite3",
    connection: { filename: file },
    useNullAsDefault: true,
    acquireConnectionTimeout: 60_000,
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: { pragma(what: string): void }, done: () => void) {
        connection.pragma("journal_mode = WAL");
        connection.pragma("synchronous = FULL");
        connection.pragma("foreign_keys = ON");
        done();
      },
    },
  });
  const select = async <Shape>(sql: string, bindings: readonly unknown[]): Promise<readonly Shape[]> =>
    plain.raw<readonly Shape[]>(sql, bindings as never);
  const all = async <Shape>(query: Parameters<Database["all"]>[0]): Promise<readonly Shape[]> => {
    const { sql, bindings } = query.toSQL();
    return select<Shape>(sql, bindings);
  };
  const run: Database["run"] = (script) =>
    plain.transaction(async (transaction) => {
      const rows: object[][] = [];
      for (const [index, { sql, bindings, expect, guard }] of script.statements.entries()) {
        const outcome = await transaction.raw<object[] | { changes: number }>(sql, bindings as never);
        const changed = Array.isArray(outcome) ? outcome.length : outcome.changes;
        if (expect !== undefined && changed !== expect) throw new GuardFailed(guard ?? "", index, expect, changed);
        rows.push(Array.isArray(outcome) ? outcome : []);
      }
      return typeof script.result === "function" ? (script.result as (of: object[][]) => never)(rows) : script.result;
    });
  return {
    tables: shipped.tables,
    concurrentWriters: shipped.concurrentWriters,
    skipLocked: shipped.skipLocked,
    fence: shipped.fence,
    leaseNow: () => String(Date.now()),
    isTrouble: (error) => shipped.isTrouble(error),
    read: plain,
    write: plain,
    all,
    select,
    first: async <Shape>(query: Parameters<Database["all"]>[0]) => (await all<Shape>(query))[0],
    run,
    transaction: (work) => plain.transaction(work),
    [Symbol.asyncDispose]: () => plain.destroy(),
  };
}

type GuardFailed = new (guard: string, statement: number, expected: number, changed: number) => Error;

/** The class of core's own refusals, which it exports to nobody: learnt from one. */
async function guardFailedOf(shipped: Database): Promise<GuardFailed> {
  const sql = `DELETE FROM ${shipped.tables.counters} WHERE name = 'no such counter'`;
  try {
    await shipped.run({ statements: [{ sql, bindings: [], expect: 1, guard: "never" }], result: undefined });
  } catch (error) {
    return (error as Error).constructor as GuardFailed;
  }
  throw new Error("a guard that does not hold was passed");
}
