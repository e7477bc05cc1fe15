import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { Knex } from "knex";
import { CloudHostError } from "../../errors.ts";
import type { SqliteOptions } from "./protocol.ts";
import { SqliteConnection } from "./sqlite-connection.ts";

/** What of knex's own SQLite dialect is overridden; knex's types do not name it. */
interface DialectInternals extends Knex.Client {
  _formatBindings(bindings: readonly unknown[] | undefined): unknown[];
  acquireConnection(): Promise<SqliteConnection>;
}
interface Queried {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  response?: unknown;
  context?: unknown;
}
interface TransactionInternals {
  readonly client: { readonly config: { readonly rootClient?: symbol } };
  query(connection: SqliteConnection, sql: string): Promise<unknown>;
  _onAcquire(container: (transaction: unknown) => unknown, connection: SqliteConnection): Promise<unknown>;
}

const require = createRequire(import.meta.url);
const Dialect = require("knex/lib/dialects/better-sqlite3/index.js") as new (config: Knex.Config) => DialectInternals;
const DialectTransaction = require("knex/lib/dialects/sqlite3/execution/sqlite-transaction.js") as new (
  ...args: unknown[]
) => TransactionInternals;

/** The transactions open in this asynchronous context. A task that outlives its transaction finds it closed. */
const openTransactions = new AsyncLocalStorage<readonly { readonly root: symbol; open: boolean }[]>();

/** Whether this code runs inside an open interactive transaction of that client. */
const insideTransactionOf = (root: symbol): boolean =>
  openTransactions.getStore()?.some((transaction) => transaction.open && transaction.root === root) ?? false;

/** knex begins deferred; two processes that read first and then write would fail each other. Ours begin with the lock. */
class ImmediateTransaction extends DialectTransaction {
  begin(connection: SqliteConnection): Promise<unknown> {
    return this.query(connection, "BEGIN IMMEDIATE;");
  }

  override async _onAcquire(
    container: (transaction: unknown) => unknown,
    connection: SqliteConnection,
  ): Promise<unknown> {
    const mine = { root: this.client.config.rootClient ?? Symbol("unknown"), open: true };
    const inside = [...(openTransactions.getStore() ?? []), mine];
    try {
      return await super._onAcquire(
        (transaction) => openTransactions.run(inside, () => container(transaction)),
        connection,
      );
    } finally {
      mine.open = false;
    }
  }
}

/** knex's SQLite dialect with the database in a worker thread. One connection; scripts go past knex on the same one. */
export class SqliteClient extends Dialect {
  readonly #root = Symbol("sqlite");
  #connection: SqliteConnection | undefined;

  constructor(config: Knex.Config) {
    super(config);
    Object.assign(this.config, { rootClient: this.#root });
  }

  /** The connection that goes past knex; opened on first use. */
  async direct(): Promise<SqliteConnection> {
    if (insideTransactionOf(this.#root)) {
      throw new CloudHostError(
        "INTERNAL",
        "A statement past the open transaction would wait for it: use the transaction.",
        {},
      );
    }
    if (this.#connection === undefined || this.#connection.dead !== undefined) {
      const connection = await this.acquireConnection();
      await this.releaseConnection(connection);
    }
    if (this.#connection === undefined) throw new CloudHostError("INTERNAL", "The store has no connection.", {});
    return this.#connection;
  }

  /** The native module is loaded in the worker only. */
  _driver(): object {
    return {};
  }

  override transaction(...args: unknown[]): never {
    return new ImmediateTransaction(this, ...args) as never;
  }

  override acquireConnection(): Promise<SqliteConnection> {
    if (insideTransactionOf(this.#root)) {
      throw new CloudHostError(
        "INTERNAL",
        "A query outside the open transaction would wait for it: use the transaction.",
        {},
      );
    }
    return super.acquireConnection();
  }

  override async acquireRawConnection(): Promise<SqliteConnection> {
    const { options, leaseNowMs } = this.connectionSettings as { options: SqliteOptions; leaseNowMs: () => number };
    this.#connection = await SqliteConnection.open(options, leaseNowMs);
    return this.#connection;
  }

  override validateConnection(connection: SqliteConnection): Promise<boolean> {
    return Promise.resolve(connection.dead === undefined);
  }

  override destroyRawConnection(connection: SqliteConnection): Promise<void> {
    return connection.close();
  }

  async _query(connection: SqliteConnection, queried: Queried): Promise<Queried> {
    const bindings = this._formatBindings(queried.bindings);
    const [outcome] = await connection.ask({ kind: "query", sql: queried.sql, bindings });
    if (outcome?.rows !== undefined) {
      queried.response = outcome.rows;
    } else {
      const context = { lastID: outcome?.lastInsertRowid, changes: outcome?.changes };
      queried.response = { changes: outcome?.changes, lastInsertRowid: outcome?.lastInsertRowid };
      queried.context = context;
    }
    return queried;
  }
}
