import { CloudHostError } from "../../errors.ts";
import type { Database } from "../database.ts";
import { initial } from "./0001-initial.ts";
import { operationControl } from "./0002-operation-control.ts";
import { projects } from "./0003-projects.ts";
import { placement } from "./0004-placement.ts";
import { webhooks } from "./0005-webhooks.ts";
import { lifecycle } from "./0006-lifecycle.ts";
import { moves } from "./0007-moves.ts";
import { keptStates } from "./0008-kept-states.ts";
import { networkLog } from "./0009-network-log.ts";
import { devices } from "./0010-devices.ts";
import { unknownGuests } from "./0011-unknown-guests.ts";
import { lists } from "./0012-lists.ts";
import { seeds } from "./0013-seeds.ts";
import { fencing } from "./0014-fencing.ts";
import { shelving } from "./0015-shelving.ts";
import { imageTags } from "./0016-image-tags.ts";
import type { Migration } from "./migration.ts";

/** In their order; names sort so too. */
const migrations: readonly Migration[] = [
  initial,
  operationControl,
  projects,
  placement,
  webhooks,
  lifecycle,
  moves,
  keptStates,
  networkLog,
  devices,
  unknownGuests,
  lists,
  seeds,
  fencing,
  shelving,
  imageTags,
];

/** Their names, in the order in which they are applied. */
export const migrationNames: readonly string[] = migrations.map(({ name }) => name);

/**
 * Brings the schema to this version, in one transaction; a schema that is there already is left as it is. May be run by
 * a separate command, under a database user that may create tables, while the service's may not.
 * @throws CloudHostError `VERSION_MISMATCH` when the database is of a newer version
 */
export async function migrateDatabase(database: Database): Promise<{ readonly applied: readonly string[] }> {
  const missing = await missingMigrations(database);
  if (missing.length === 0) return { applied: [] };
  return database.transaction(async (knex) => {
    const table = versionTable(database);
    // Another process may have been first: the lock that this transaction takes decides. SQLite's has one already.
    if (database.concurrentWriters) await knex.raw("SELECT pg_advisory_xact_lock(hashtext(?))", [table]);
    if (!(await knex.schema.hasTable(table))) {
      await knex.schema.createTable(table, (columns) => {
        columns.string("name", 80).primary();
      });
    }
    const done = new Set(await knex(table).pluck<string[]>("name"));
    const wanted = migrations.filter(({ name }) => !done.has(name));
    for (const migration of wanted) {
      await migration.up(knex, database.tables, database.concurrentWriters);
      await knex(table).insert({ name: migration.name });
    }
    return { applied: wanted.map(({ name }) => name) };
  });
}

/**
 * @throws CloudHostError `VERSION_MISMATCH` when the schema is older than this version needs, or newer than it knows
 */
export async function requireSchema(database: Database): Promise<void> {
  const missing = await missingMigrations(database);
  if (missing.length === 0) return;
  throw new CloudHostError("VERSION_MISMATCH", "The database's schema is older than this version: migrate it first.", {
    what: "database schema",
    found: `without ${missing[0] ?? ""}`,
    supported: migrations.at(-1)?.name ?? "",
  });
}

async function missingMigrations(database: Database): Promise<readonly string[]> {
  const table = versionTable(database);
  const has = await database.write.schema.hasTable(table);
  const done = new Set(has ? await database.write(table).pluck<string[]>("name") : []);
  const known = new Set(migrations.map(({ name }) => name));
  const newer = [...done].filter((name) => !known.has(name));
  if (newer.length > 0) {
    throw new CloudHostError("VERSION_MISMATCH", "The database is of a newer version of cloudhost than this one.", {
      what: "database schema",
      found: newer.toSorted().at(-1) ?? "",
      supported: migrations.at(-1)?.name ?? "",
    });
  }
  return migrations.filter(({ name }) => !done.has(name)).map(({ name }) => name);
}

const versionTable = (database: Database): string =>
  `${database.tables.counters.replace(/counters$/, "")}schema_versions`;
