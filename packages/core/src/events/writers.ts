import type { Database } from "../database/database.ts";

/**
 * The transactions that may be writing to a table now, by names that no two have at once. Each holds the table's lock
 * from before its row has a number until it ends, so that who is not among them has written all that it ever will.
 * Where there is one writer at a time there is none to wait for.
 */
export async function writersTo(database: Database, table: string): Promise<ReadonlySet<string>> {
  if (!database.concurrentWriters) return new Set();
  const rows = await database.all<{ virtualtransaction: string }>(
    database.read.raw(
      `SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND mode = 'RowExclusiveLock' AND relation = CAST(? AS regclass) AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [table],
    ),
  );
  return new Set(rows.map(({ virtualtransaction }) => virtualtransaction));
}
