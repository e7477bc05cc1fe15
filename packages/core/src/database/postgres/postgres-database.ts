import knex from "knex";
import type { Knex } from "knex";
import type { Clock } from "../../ports/clock.ts";
import type { Database } from "../database.ts";
import { GuardFailed, resultOf, statement } from "../script.ts";
import type { Binding, Row, Script, Statement } from "../script.ts";
import { storeError, thrownByStore } from "../store-error.ts";
import { tablesWith } from "../tables.ts";
import { silentKnex } from "../silent-knex.ts";
import { withWatchdog } from "../watchdog.ts";
import { guardFailedCode } from "./expecting.ts";
import { GroupWriter } from "./group-writer.ts";
import type { RunStatements } from "./group-writer.ts";
import { Pipeline } from "./pipeline.ts";
import type { PipelineFailure, PipelineOutcome, PostgresConnection } from "./pipeline.ts";

/**
 * What makes a script be run again. Serialization failure and deadlock: another transaction was first. And a table that
 * has changed since the statement was prepared, as it does while a newer version is brought in.
 */
const transient: ReadonlySet<unknown> = new Set(["40001", "40P01", "0A000"]);
const attemptsMost = 8;

const [begin, commit, rollback] = [statement("BEGIN"), statement("COMMIT"), statement("ROLLBACK")];

/** What a PostgreSQL database is opened with. */
export interface PostgresDatabaseOptions {
  /** A connection string, or the product's own knex instance, which is then the product's to close. */
  readonly connection: string | Knex;
  readonly tablePrefix: string;
  readonly clock: Clock;
}

/**
 * Many writers, of which this process is one: what its callers write is committed in groups. Each goes to the server and
 * back once, and the server itself checks the guards.
 */
export class PostgresDatabase implements Database {
  readonly concurrentWriters = true;
  readonly skipLocked = "FOR UPDATE SKIP LOCKED";
  readonly tables: Database["tables"];
  readonly fence: Database["fence"];
  readonly read: Knex;
  readonly write: Knex;
  readonly #clock: Clock;
  readonly #owned: boolean;
  readonly #writer = new GroupWriter((statements) => this.#transact(statements));

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
      again(async () => {
        const outcome = await this.#connected((send) => send([{ sql, bindings }]));
        if (outcome.failure !== undefined) throw outcome.failure.error;
        return (outcome.rows[0] ?? []) as readonly Shape[];
      }),
    );
  }

  async first<Shape = Row>(query: Knex.QueryBuilder | Knex.Raw): Promise<Shape | undefined> {
    return (await this.all<Shape>(query))[0];
  }

  run<Out>(script: Script<Out>): Promise<Out> {
    return this.#asked(() =>
      again(async () => {
        const outcome = await this.#writer.write(script.statements);
        if (outcome.failure !== undefined) throw thrownFor(script, outcome.failure);
        return resultOf(script, outcome.rows);
      }),
    );
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

  /** Commits these together, or does nothing of them. */
  #transact(statements: readonly Statement[]): Promise<PipelineOutcome> {
    return this.#connected(async (send) => {
      const outcome = await send([begin, ...statements, commit]);
      if (outcome.failure === undefined) return { rows: outcome.rows.slice(1, -1) };
      await send([rollback]);
      return { failure: { ...outcome.failure, statement: outcome.failure.statement - 1 } };
    });
  }

  async #connected<Out>(work: (send: RunStatements) => Promise<Out>): Promise<Out> {
    const client = this.write.client as Knex.Client;
    const connection = (await client.acquireConnection()) as PostgresConnection;
    try {
      // A product's own instance may reach the server through a pool that gives each transaction another connection.
      return await work((statements) => new Pipeline(statements, this.#owned).on(connection));
    } finally {
      await client.releaseConnection(connection);
    }
  }
}

/** Does it again while what made it fail was {@link transient}. */
async function again<Out>(work: () => Promise<Out>): Promise<Out> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attemptsMost || !transient.has((error as { code?: unknown }).code)) throw error;
    }
  }
}

function thrownFor({ statements }: Script<unknown>, { error, statement: index }: PipelineFailure): Error {
  const { expect, guard } = statements[index] ?? {};
  if (expect === undefined || error.code !== guardFailedCode) return error;
  return new GuardFailed(guard ?? `statement ${index}`, index, expect);
}
