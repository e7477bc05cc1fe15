import { randomUUID } from "node:crypto";
import { CloudHostError } from "@cloudhost/core";
import type Pg from "pg";
import type { Temporary } from "./temporary.ts";

/**
 * A schema of its own in a PostgreSQL database; whoever connects to what it is at sees no other.
 * @param url `postgres://…` of somebody who may create schemas there
 * @throws CloudHostError `DEPENDENCY_MISSING` without the package `pg`, `HOST_UNAVAILABLE`
 */
export async function temporarySchema(url: string): Promise<Temporary> {
  const name = `cloudhost_testing_${randomUUID().replaceAll("-", "")}`;
  await execute(url, `CREATE SCHEMA ${name}`);
  const at = new URL(url);
  at.searchParams.set("options", `-c search_path=${name}`);
  return { at: at.href, [Symbol.asyncDispose]: () => execute(url, `DROP SCHEMA ${name} CASCADE`) };
}

async function execute(url: string, sql: string): Promise<void> {
  const { Client } = await loadPg();
  const client = new Client(url);
  try {
    await client.connect();
    await client.query(sql);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const details = { host: new URL(url).host, reason };
    throw new CloudHostError("HOST_UNAVAILABLE", "The database server does not do its part.", details, { cause });
  } finally {
    await client.end();
  }
}

async function loadPg(): Promise<Pick<typeof Pg, "Client">> {
  try {
    return (await import("pg")).default;
  } catch (cause) {
    const details = { dependency: "pg", remedy: "npm install pg" };
    throw new CloudHostError("DEPENDENCY_MISSING", "PostgreSQL needs the package pg: npm install pg.", details, {
      cause,
    });
  }
}
