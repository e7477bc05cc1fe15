import type { Database } from "./database.ts";
import { statement } from "./script.ts";
import type { Binding, Statement } from "./script.ts";

/**
 * Locks rows in the order of their ids, before a statement that changes several of them: two that lock the same rows in
 * different orders would wait for each other until the database breaks one off. One writer needs none of it.
 */
export const lockInOrder = (
  { concurrentWriters }: Database,
  table: string,
  where: string,
  bindings: readonly Binding[],
): readonly Statement[] =>
  concurrentWriters
    ? [statement(`SELECT id FROM ${table} WHERE ${where} ORDER BY id FOR NO KEY UPDATE`, bindings)]
    : [];

/** Locks one row before what its change must see: all that others have written under its lock is committed by then. */
export const lockRow = ({ concurrentWriters }: Database, table: string, id: string): readonly Statement[] =>
  concurrentWriters ? [statement(`SELECT id FROM ${table} WHERE id = ? FOR UPDATE`, [id])] : [];

/** Behind a `SELECT`: its rows are not deleted before the transaction's end. */
export const keptThere = ({ concurrentWriters }: Database): string => (concurrentWriters ? " FOR KEY SHARE" : "");
