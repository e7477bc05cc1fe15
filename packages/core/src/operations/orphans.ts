import type { Database } from "../database/database.ts";
import type { OperationRow } from "./journal.ts";

/** Which operations a process may take over. */
export interface FindOrphans {
  /** The hosts that it reaches. */
  readonly hostIds: readonly string[];
  /** The kinds that its version knows. */
  readonly kinds: readonly string[];
  readonly nowMs: number;
  readonly most: number;
}

/** An operation that nobody runs. */
export type Orphan = Pick<OperationRow, "id" | "kind" | "cursor" | "host_id">;

/**
 * Operations that nobody runs, oldest first: those whose hosts are reached here, which go on; and those that are to end
 * and have done nothing outside, which anybody can end.
 */
export function findOrphans(database: Database, find: FindOrphans): Promise<readonly Orphan[]> {
  const { hostIds, kinds, nowMs, most } = find;
  const { read, tables } = database;
  const toEnd =
    "(state = 'running' AND NOT outside AND NOT no_return AND (cancel_at_ms IS NOT NULL OR deadline_ms <= ?))";
  return database.all<Orphan>(
    read(tables.operations)
      .whereIn("state", ["running", "undoing"])
      .whereIn("kind", [...kinds])
      .whereRaw(`lease_until_ms < ${database.leaseNow()}`)
      .where(
        (either) =>
          void either
            .whereNull("host_id")
            .orWhereIn("host_id", [...hostIds])
            .orWhereRaw(toEnd, [nowMs]),
      )
      .orderBy("id")
      .limit(most)
      .select("id", "kind", "cursor", "host_id"),
  );
}
