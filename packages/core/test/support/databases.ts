import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, inject } from "vitest";
import { migratedDatabase, sharedDatabase } from "../../../../scripts/shared-postgres.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { migrateDatabase } from "../../src/database/migrations/migrate.ts";
import { openDatabase } from "../../src/database/open-database.ts";

/** What a test asks for: an empty, migrated database of its own, closed at the test's end. */
export interface OpenDatabase {
  (): Promise<Database>;
  /** Where the last one opened is, for another connection or process. */
  readonly url: () => string;
}

/** Runs one body of tests over each database. */
export function overDatabases(suite: (open: OpenDatabase, dialect: "sqlite" | "postgres") => void): void {
  for (const dialect of ["sqlite", "postgres"] as const) {
    describe(`on ${dialect}`, () => {
      const closers: (() => Promise<void>)[] = [];
      let last = "";
      const open = async (): Promise<Database> => {
        last = await newDatabase(dialect, closers, "migrated");
        const database = await openDatabase({ database: last, clock: systemClock() });
        closers.push(async () => database[Symbol.asyncDispose]());
        await migrateDatabase(database);
        return database;
      };
      afterEach(async () => {
        for (const close of closers.splice(0).toReversed()) await close();
      });
      suite(Object.assign(open, { url: () => last }), dialect);
    });
  }
}

/** A connection string to a database that nobody has yet; on PostgreSQL it has the schema already where that is asked. */
export async function newDatabase(
  dialect: "sqlite" | "postgres",
  closers: (() => Promise<void>)[],
  schema?: "migrated",
): Promise<string> {
  if (dialect === "postgres") {
    const make = schema === "migrated" ? migratedDatabase : sharedDatabase;
    return make(inject("postgresShare"), `t_${randomUUID().replaceAll("-", "")}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-core-"));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, "cloud.db")}?synchronous=off`;
}
