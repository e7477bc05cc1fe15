import type { Knex } from "knex";
import type { Binding, Row, Script } from "./script.ts";
import type { Tables } from "./tables.ts";

/**
 * A database that core's stores work on; what differs between the two is told by the flags, and nowhere else.
 *
 * @throws CloudHostError `HOST_UNAVAILABLE` for the database's trouble of the moment, retryable; `INTERNAL` for a
 * statement that it refuses; `EXHAUSTED` when too many wait
 */
export interface Database extends AsyncDisposable {
  readonly tables: Tables;

  /**
   * Whether many connections write at once. Then rows that two scripts may both want are locked in one order, and free
   * rows are picked past locked ones. `false`: one writer, whose scripts are committed in groups.
   */
  readonly concurrentWriters: boolean;

  /** Put behind the SELECT that picks one free row of a pool, so that concurrent writers do not pick the same. */
  readonly skipLocked: string;

  /** A new fencing number: a statement to run before, where one is needed, and the expression that gives it after. */
  readonly fence: { readonly before: readonly { readonly sql: string }[]; readonly value: string };

  /** The time that leases go by, as a SQL expression in epoch milliseconds: the database's own where many share it. */
  leaseNow(): string;

  /** A query builder for reads: never waits for a writer, and does not see what is not committed. */
  readonly read: Knex;

  /** The rows of a read. Integers are numbers on either database. */
  all<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<readonly Shape[]>;
  /** Its first row. */
  first<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<Shape | undefined>;

  /** The rows of a read that is asked often, as text, `?` for each binding: it costs less than building a query. */
  select<Shape = Row>(sql: string, bindings: readonly Binding[]): Promise<readonly Shape[]>;

  /**
   * Commits a script, whole or not at all.
   * @throws GuardFailed when one of its guards did not hold: nothing was done
   */
  run<Out>(script: Script<Out>): Promise<Out>;

  /**
   * An interactive transaction, for what is no hot path: migrations, and the rare write that must read first. No
   * outside I/O inside; after 5 s it is undone.
   */
  transaction<Out>(work: (transaction: Knex.Transaction) => Promise<Out>): Promise<Out>;

  /**
   * Whether an error is the database's trouble of the moment (its server restarts, its disk is full, too many wait)
   * rather than the statement's: the same may succeed later.
   */
  isTrouble(error: unknown): boolean;

  /** The writing side as knex, for migrations. */
  readonly write: Knex;
}

/** The guard of a transaction's length. */
export const transactionMostMs = 5000;
/** How long a transaction may wait for its connection. */
export const acquireMostMs = 2000;
