import { join } from "node:path";
import pg from "pg";
import type { CaseDatabase } from "./harness.ts";

/** SQLite's file lies in the case's folder: it is kept and put back with that. */
export const sqliteCase = (): CaseDatabase => ({
  dialect: "sqlite",
  url: (folder) => `sqlite:${join(folder, "cloud.db")}`,
  keep: async () => {},
  restore: async () => {},
});

/** A PostgreSQL database of its own, put back from a template. */
export function postgresCase(url: string): CaseDatabase {
  const name = new URL(url).pathname.slice(1);
  const copy = async (from: string, to: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url.replace(`/${name}?`, "/postgres?") });
    await client.connect();
    try {
      await client.query(`DROP DATABASE IF EXISTS "${to}" WITH (FORCE)`);
      await client.query(`CREATE DATABASE "${to}" TEMPLATE "${from}"`);
    } finally {
      await client.end();
    }
  };
  return {
    dialect: "postgres",
    url: () => url,
    keep: () => copy(name, `${name}_kept`),
    restore: () => copy(`${name}_kept`, name),
  };
}
