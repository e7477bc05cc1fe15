import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import knex from "knex";
import type { Knex } from "knex";
import { CloudHostError } from "../../errors.ts";
import type { Clock } from "../../ports/clock.ts";
import { acquireMostMs } from "../database.ts";
import type { Database } from "../database.ts";
import { resultOf } from "../script.ts";
import type { Binding, Row, Script } from "../script.ts";
import { storeError, thrownByStore } from "../store-error.ts";
import { tablesWith } from "../tables.ts";
import { silentKnex } from "../silent-knex.ts";
import { withWatchdog } from "../watchdog.ts";
import type { SqliteOptions } from "./protocol.ts";
import { SqliteClient } from "./sqlite-client.ts";

/** What a SQLite database is opened with. */
export interface SqliteDatabaseOptions {
  readonly filename: string;
  readonly synchronous: SqliteOptions["synchronous"];
  readonly tablePrefix: string;
  readonly clock: Clock;
  /** Epoch milliseconds that leases go by: the system's, also when `clock` is virtual. */
  readonly leaseNowMs: () => number;
}

/** One writer in a worker thread, whose scripts are committed in groups, and readers in another that never wait for it. */
export class SqliteDatabase implements Database {
  readonly concurrentWriters = false;
  readonly skipLocked = "";
  readonly tables: Database["tables"];
  readonly fence: Database["fence"];
  readonly read: Knex;
  readonly write: Knex;
  readonly #clock: Clock;

  private constructor(options: SqliteDatabaseOptions) {
    this.tables = tablesWith(options.tablePrefix);
    this.fence = {
      before: [{ sql: `UPDATE ${this.tables.counters} SET value = value + 1 WHERE name = 'fence'` }],
      value: `(SELECT value FROM ${this.tables.counters} WHERE name = 'fence')`,
    };
    this.#clock = options.clock;
    this.write = open(options, false);
    this.read = open(options, true);
  }

  /** @throws CloudHostError `DEPENDENCY_MISSING`, `INVALID_ARGUMENT` when the file is no database */
  static async open(options: SqliteDatabaseOptions): Promise<SqliteDatabase> {
    let database: SqliteDatabase | undefined;
    try {
      mkdirSync(dirname(options.filename), { recursive: true });
      database = new SqliteDatabase(options);
      // The writer first: it makes the file that the reader opens. Both workers are up before the first request.
      await firstAnswer(database.write, "SELECT 1 FROM sqlite_schema LIMIT 1");
      await firstAnswer(database.read, "SELECT 1");
      return database;
    } catch (cause) {
      await database?.[Symbol.asyncDispose]();
      const reason = cause instanceof Error ? cause.message : String(cause);
      const issues = [{ path: "database", message: reason }];
      throw new CloudHostError(
        "INVALID_ARGUMENT",
        `${options.filename} cannot be opened as a SQLite database.`,
        { issues },
        { cause },
      );
    }
  }

  leaseNow(): string {
    return "lease_now_ms()";
  }

  all<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<readonly Shape[]> {
    const { sql, bindings } = query.toSQL();
    return this.select<Shape>(sql, bindings as readonly Binding[]);
  }

  async first<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<Shape | undefined> {
    return (await this.all<Shape>(query))[0];
  }

  select<Shape = Row>(sql: string, bindings: readonly Binding[]): Promise<readonly Shape[]> {
    return this.#asked(async () => {
      const connection = await (this.read.client as SqliteClient).direct();
      const [outcome] = await connection.ask({ kind: "query", sql, bindings: formatted(bindings) });
      return (outcome?.rows ?? []) as readonly Shape[];
    });
  }

  run<Out>(script: Script<Out>): Promise<Out> {
    return this.#asked(async () => {
      const connection = await (this.write.client as SqliteClient).direct();
      const outcomes = await connection.ask({ kind: "script", statements: script.statements });
      return resultOf(
        script,
        outcomes.map((outcome) => outcome.rows ?? []),
      );
    });
  }

  transaction<Out>(work: (transaction: Knex.Transaction) => Promise<Out>): Promise<Out> {
    return this.#asked(() => this.write.transaction((transaction) => withWatchdog(work(transaction))));
  }

  isTrouble(error: unknown): boolean {
    const { code } = thrownByStore(error) as { code?: unknown };
    return typeof code === "string" && /^(SQLITE_(BUSY|LOCKED|IOERR|FULL|NOMEM|PROTOCOL)|EXHAUSTED)/.test(code);
  }

  /** A virtual clock stands while the database works; what it throws is made fit for callers. */
  #asked<Out>(work: () => Promise<Out>): Promise<Out> {
    return this.#clock.busy(async () => {
      try {
        return await work();
      } catch (error) {
        throw storeError(error, this.isTrouble(error));
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.read.destroy();
    await this.write.destroy();
  }
}

/** How often a connection is waited for until its thread has started, {@link acquireMostMs} each time. */
const startWaitsMost = 15;

/** What the thread says first. On a busy machine it takes longer to start than a transaction may wait for it. */
async function firstAnswer(side: Knex, sql: string): Promise<void> {
  for (let waits = 1; ; waits += 1) {
    try {
      await side.raw(sql);
      return;
    } catch (error) {
      if (!(error instanceof knex.KnexTimeoutError) || waits === startWaitsMost) throw error;
    }
  }
}

/** As knex does for this dialect: the driver takes neither booleans nor dates. */
const formatted = (bindings: readonly unknown[]): unknown[] =>
  bindings.map((binding) => (typeof binding === "boolean" ? Number(binding) : binding));

function open({ filename, synchronous, leaseNowMs }: SqliteDatabaseOptions, readonly: boolean): Knex {
  const options: SqliteOptions = { filename, readonly, synchronous, busyTimeoutMs: 5000, maxGroup: 64 };
  return knex({
    client: SqliteClient as never,
    connection: { filename, options, leaseNowMs } as never,
    useNullAsDefault: true,
    log: silentKnex,
    acquireConnectionTimeout: acquireMostMs,
    // One that stays, however long nothing is asked: most goes past the pool.
    pool: { min: 1, max: 1 },
  });
}
