import { resolve } from "node:path";
import type { Knex } from "knex";
import { CloudHostError } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Database } from "./database.ts";
import { PostgresDatabase } from "./postgres/postgres-database.ts";
import { storeError } from "./store-error.ts";
import { SqliteDatabase } from "./sqlite/sqlite-database.ts";

/** What the store is opened with. */
export interface DatabaseOptions {
  /**
   * `sqlite:PATH`, `postgres://…`, or a knex instance of the product's own (PostgreSQL only), which stays the product's
   * to close. `sqlite:PATH?synchronous=off` gives durability away, for tests.
   */
  readonly database: string | Knex;
  /** Put before every table's name. @defaultValue `""` */
  readonly tablePrefix?: string | undefined;
  readonly clock: Clock;
  /** The time that leases go by on SQLite. @defaultValue the system's */
  readonly leaseNowMs?: (() => number) | undefined;
}

/**
 * Opens the store. The driver's package is loaded by the connection string.
 * @throws CloudHostError `INVALID_ARGUMENT`, `DEPENDENCY_MISSING` naming the package, `UNSUPPORTED` for another dialect,
 * `VERSION_MISMATCH` on a Node that is too old, `HOST_UNAVAILABLE` when the database server does not answer
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { database, tablePrefix = "", clock } = options;
  if (!/^[a-z0-9_]{0,30}$/.test(tablePrefix)) throw invalid("tablePrefix", "not of a-z, 0-9 and _, 30 at the most");
  if (typeof database !== "string") {
    const dialect = (database.client as { dialect?: string }).dialect ?? "unknown";
    if (dialect !== "postgresql") {
      const details = { feature: "a knex instance of the product's own", by: dialect };
      throw new CloudHostError("UNSUPPORTED", "A knex instance of the product's own must be PostgreSQL's.", details);
    }
    try {
      return await PostgresDatabase.open({ connection: database, tablePrefix, clock });
    } catch (error) {
      throw storeError(error, true);
    }
  }
  if (/^postgres(ql)?:\/\//.test(database)) {
    requirePackage("pg");
    try {
      return await PostgresDatabase.open({ connection: database, tablePrefix, clock });
    } catch (cause) {
      const details = { host: new URL(database).host, reason: cause instanceof Error ? cause.message : String(cause) };
      throw new CloudHostError("HOST_UNAVAILABLE", "The database server does not answer.", details, {
        cause,
        retryable: true,
      });
    }
  }
  const [, path, query] = /^sqlite:([^?]+)(?:\?(.*))?$/.exec(database) ?? [];
  if (path === undefined || path === ":memory:") {
    throw invalid("database", "neither sqlite:PATH (a file: readers and the writer share it) nor postgres://…");
  }
  const node = process.versions.node;
  if (Number(node.split(".")[0]) < 24) {
    throw new CloudHostError("VERSION_MISMATCH", `better-sqlite3 needs Node 24 or newer; this is ${node}.`, {
      what: "Node",
      found: node,
      supported: ">=24",
    });
  }
  requirePackage("better-sqlite3");
  const synchronous = (new URLSearchParams(query).get("synchronous") ?? "full").toUpperCase();
  if (synchronous !== "FULL" && synchronous !== "NORMAL" && synchronous !== "OFF") {
    throw invalid("database", "synchronous is full, normal or off");
  }
  const leaseNowMs = options.leaseNowMs ?? (() => Date.now());
  return SqliteDatabase.open({ filename: resolve(path), synchronous, tablePrefix, clock, leaseNowMs });
}

const invalid = (path: string, message: string): CloudHostError =>
  new CloudHostError("INVALID_ARGUMENT", `The store cannot be opened: ${path} is ${message}.`, {
    issues: [{ path, message }],
  });

function requirePackage(name: string): void {
  try {
    import.meta.resolve(name);
  } catch (cause) {
    const details = { dependency: name, remedy: `npm install ${name}` };
    throw new CloudHostError(
      "DEPENDENCY_MISSING",
      `This database needs the package ${name}: npm install ${name}.`,
      details,
      { cause },
    );
  }
}
