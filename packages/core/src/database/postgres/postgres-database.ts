import knex from "knex";
import type { Knex } from "knex";
import type { Clock } from "../../ports/clock.ts";
import type { Database } from "../database.ts";
import { GuardFailed, resultOf } from "../script.ts";
import type { Binding, Row, Script, Statement } from "../script.ts";
import { storeError, thrownByStore } from "../store-error.ts";
import { tablesWith } from "../tables.ts";
import { silentKnex } from "../silent-knex.ts";
import { withWatchdog } from "../watchdog.ts";
import { positional } from "./positional.ts";

interface PostgresConnection {
  query(query: {
    text: string;
    values: readonly unknown[];
    types: typeof numbers;
  }): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** int8 and numeric come as text from node-pg; every integer of ours is below 2^53, so they become numbers here. */
const int8 = 20;
const numeric = 1700;
const numbers = {
  getTypeParser: (oid: number): ((text: string) => unknown) =>
    oid === int8 || oid === numeric || (oid >= 21 && oid <= 23)
      ? Number
      : oid === 16
        ? (text) => text === "t"
        : (text) => text,
};

/** What another transaction's success makes fail; the script is run again. Serialization failure, deadlock. */
const transient: ReadonlySet<unknown> = new Set(["40001", "40P01"]);
const attemptsMost = 8;

/** What a PostgreSQL database is opened with. */
export interface PostgresDatabaseOptions {
  /** A connection string, or the product's own knex instance, which is then the product's to close. */
  readonly connection: string | Knex;
  readonly tablePrefix: string;
  readonly clock: Clock;
}

/** Many writers. A script is one transaction, its statements sent one after the other with their row counts checked. */
export class PostgresDatabase implements Database {
  readonly concurrentWriters = true;
  readonly skipLocked = "FOR UPDATE SKIP LOCKED";
  readonly tables: Database["tables"];
  readonly fence: Database["fence"];
  readonly read: Knex;
  readonly write: Knex;
  readonly #clock: Clock;
  readonly #owned: boolean;

  private constructor({ connection, tablePrefix, clock }: PostgresDatabaseOptions) {
    this.tables = tablesWith(tablePrefix);
    this.fence = { before: [], value: `nextval('${tablePrefix}fence')` };
    this.#clock = clock;
    this.#owned = typeof connection === "string";
    this.write =
      typeof connection === "string"
        ? knex({
            client: "pg",
            connection,
            acquireConnectionTimeout: 60_000,
            log: silentKnex,
            pool: { min: 1, max: 10 },
          })
        : connection;
    this.read = this.write;
  }

  static async open(options: PostgresDatabaseOptions): Promise<PostgresDatabase> {
    const database = new PostgresDatabase(options);
    try {
      await database.write.raw("SELECT 1");
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
    return database;
  }

  leaseNow(): string {
    return "(extract(epoch from clock_timestamp()) * 1000)::bigint";
  }

  all<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<readonly Shape[]> {
    const { sql, bindings } = query.toSQL();
    return this.select<Shape>(sql, bindings as readonly Binding[]);
  }

  select<Shape = Row>(sql: string, bindings: readonly Binding[]): Promise<readonly Shape[]> {
    return this.#asked(() =>
      this.#connected(async (connection) => {
        const { rows } = await send(connection, sql, bindings);
        return rows as Shape[];
      }),
    );
  }

  async first<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<Shape | undefined> {
    return (await this.all<Shape>(query))[0];
  }

  run<Out>(script: Script<Out>): Promise<Out> {
    return this.#asked(async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return resultOf(script, await this.#connected((connection) => runOn(connection, script.statements)));
        } catch (error) {
          if (attempt >= attemptsMost || !transient.has((error as { code?: unknown }).code)) throw error;
        }
      }
    });
  }

  transaction<Out>(work: (transaction: Knex.Transaction) => Promise<Out>): Promise<Out> {
    return this.#asked(() => this.write.transaction((transaction) => withWatchdog(work(transaction))));
  }

  isTrouble(error: unknown): boolean {
    const { code, name, message } = thrownByStore(error) as { code?: unknown; name?: string; message?: string };
    if (name === "KnexTimeoutError" || message?.startsWith("Connection terminated") === true) return true;
    // Connection exceptions, too few resources, operator intervention, system errors; and the socket's own.
    return typeof code === "string" && /^(08|53|57|58|40)[0-9A-Z]{3}$|^E(CONN|PIPE|TIMEDOUT|HOST)/.test(code);
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
    if (this.#owned) await this.write.destroy();
  }

  async #connected<Out>(work: (connection: PostgresConnection) => Promise<Out>): Promise<Out> {
    const client = this.write.client as Knex.Client;
    const connection = (await client.acquireConnection()) as PostgresConnection;
    try {
      return await work(connection);
    } finally {
      await client.releaseConnection(connection);
    }
  }
}

async function runOn(connection: PostgresConnection, statements: readonly Statement[]): Promise<Row[][]> {
  await send(connection, "BEGIN", []);
  try {
    const rows: Row[][] = [];
    for (const [index, { sql, bindings, expect, guard }] of statements.entries()) {
      const outcome = await send(connection, sql, bindings);
      const changed = outcome.rowCount ?? 0;
      if (expect !== undefined && changed !== expect)
        throw new GuardFailed(guard ?? `statement ${index}`, index, expect, changed);
      rows.push(outcome.rows);
    }
    await send(connection, "COMMIT", []);
    return rows;
  } catch (error) {
    await send(connection, "ROLLBACK", []).catch(() => {});
    throw error;
  }
}

const send = (connection: PostgresConnection, sql: string, bindings: readonly unknown[]) =>
  connection.query({ text: positional(sql), values: bindings, types: numbers });
