import { describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { serverQuery } from "../../src/servers/find-servers.ts";
import type { FindServers, ServerSort } from "../../src/servers/find-servers.ts";
import type { SliceRequest } from "../../src/lists/slice.ts";
import { overDatabases } from "../support/databases.ts";
import { serverRow, testFleet } from "../support/fleet.ts";

/** So many servers of one project, made by one statement. */
const many = 4000;

/** Servers `web-0` and so on: every second one is active, every third on the second host, every fifth deleted. */
async function fill(database: Database): Promise<{ projectId: string; hostId: string }> {
  const { project, hosts, hostIds } = await testFleet(database, { hosts: 1 });
  const { id: hostId } = await hosts.register("far", "az-2", 1);
  const { servers, server_tags: tags } = database.tables;
  const { columns, values } = rowOf(database, project.id);
  const numbers = `WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${many})`;
  const each: Record<string, string> = {
    id: "'srv_' || (100000 + n)",
    name: "'web-' || n",
    state: "CASE n % 2 WHEN 0 THEN 'active' ELSE 'stopped' END",
    flavor: "CASE WHEN n % 100 = 0 THEN 'rare' ELSE 'c1.e2' END",
    created_at_ms: "n / 3",
    host_id: `CASE n % 3 WHEN 0 THEN '${hostId}' ELSE '${hostIds[0]}' END`,
    zone: "CASE n % 3 WHEN 0 THEN 'az-2' ELSE 'az-1' END",
    deleted_at_ms: "CASE n % 5 WHEN 4 THEN 1 END",
  };
  const select = [...columns.map((column, index) => each[column] ?? values[index]), each["host_id"], each["zone"]];
  await database.run({
    statements: [
      {
        sql: `INSERT INTO ${servers} (${columns.join(", ")}, host_id, zone, deleted_at_ms) ${numbers} SELECT ${select.join(", ")}, ${each["deleted_at_ms"]} FROM numbers`,
        bindings: [],
      },
      ...["'role', CASE id WHEN 'srv_100000' THEN 'db' ELSE 'web' END", "'env', 'prod'"].map((tag) => ({
        sql: `INSERT INTO ${tags} (server_id, tag, value, project_id, server_name, created_at_ms) SELECT id, ${tag}, project_id, name, created_at_ms FROM ${servers} WHERE deleted_at_ms IS NULL`,
        bindings: [],
      })),
      { sql: "ANALYZE", bindings: [] },
    ],
    result: undefined,
  });
  return { projectId: project.id, hostId };
}

/** A row's columns, and their values as SQL. */
function rowOf(database: Database, projectId: string): { columns: string[]; values: string[] } {
  const { sql, bindings } = serverRow(database, "srv_0", projectId);
  const columns = /\(([^)]+)\) VALUES/.exec(sql)?.[1]?.split(", ") ?? [];
  return {
    columns,
    values: bindings.map((value, index) =>
      columns[index] === "busy" ? "FALSE" : typeof value === "string" ? `'${value}'` : String(value),
    ),
  };
}

overDatabases((open, dialect) => {
  /** What the database says that it will do. */
  const planOf = async (database: Database, where: FindServers, part: SliceRequest<ServerSort>): Promise<string> => {
    const { sql, bindings } = serverQuery(database.tables, where).statement(part);
    const explain = dialect === "sqlite" ? "EXPLAIN QUERY PLAN" : "EXPLAIN";
    const rows = await database.select<Record<string, string>>(`${explain} ${sql}`, bindings);
    return rows.map((row) => row["detail"] ?? row["QUERY PLAN"]).join("\n");
  };

  describe("a page of servers", () => {
    it("is read along an index, in each order, with each filter, wherever it begins", async () => {
      const database = await open();
      const { projectId, hostId } = await fill(database);
      const filters: FindServers[] = [
        {},
        { name: "web-1001" },
        { state: ["active"] },
        { flavor: "rare" },
        { zone: "az-2" },
        { tags: { role: "web" } },
        { tags: { role: "web", env: "prod" } },
        { zone: "az-2", state: ["stopped"] },
      ];
      const everywhere: FindServers[] = [{}, { state: ["active"] }, { hostId, state: ["active"] }];
      const all = [...filters.map((filter) => ({ ...filter, projectId })), ...everywhere];
      const found: string[] = [];
      for (const where of all) {
        for (const sort of ["createdAt", "name"] as const) {
          const middle = { key: sort === "name" ? "web-3" : 700, id: "srv_102000" };
          const parts: SliceRequest<ServerSort>[] = [
            { limit: 100, sort },
            { limit: 100, sort, order: "desc", after: middle },
          ];
          for (const part of parts) {
            const plan = await planOf(database, where, part);
            if (isFault(plan, where)) found.push(`${JSON.stringify({ where, part })}\n${plan}`);
          }
        }
      }
      expect(found.join("\n\n")).toBe("");
    });
  });

  /** Whether a page would read or sort more than it has. What has one name, or one host, are few. */
  function isFault(plan: string, where: FindServers): boolean {
    const scans =
      dialect === "sqlite"
        ? /SCAN (s|t)\b(?!.*USING (COVERING )?INDEX)/
        : /Seq Scan on servers|Seq Scan on server_tags/;
    const sorts = dialect === "sqlite" ? /TEMP B-TREE/ : /^\s*(->)?\s*(Incremental )?Sort/m;
    const few = where.name !== undefined || where.hostId !== undefined;
    return scans.test(plan) || (!few && sorts.test(plan));
  }
});
