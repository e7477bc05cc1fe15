import { builtInColumns, quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { script, statement } from "../database/script.ts";
import type { Row, Statement } from "../database/script.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { Clock } from "../ports/clock.ts";
import { builtInResources } from "../ports/host.ts";
import type { Logger } from "../ports/logger.ts";
import { quotaSources } from "./claim-statements.ts";
import type { ClaimWatcher } from "./claim-statements.ts";
import type { UsageDrift } from "./model.ts";

/** What {@link UsageAuditor} works with. */
export interface UsageAuditorParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watcher: Pick<ClaimWatcher, "stale">;
  /** Told when there is something new in the outbox. */
  readonly written: { next(): void };
}

/** A counter: the table and key of its row, its column, and the SQL that recomputes it for the row at hand. */
interface Counter {
  readonly of: UsageDrift["of"];
  readonly table: string;
  readonly key: readonly string[];
  readonly column: string;
  readonly actual: string;
  /** What it counts: the resource's, the quota's or the group's word for it; a column where the rows tell. */
  readonly counts: { readonly name: string } | { readonly column: string };
}

/**
 * Recomputes what is used from the claims that there are, and compares: every host's resources, every project's quotas,
 * every affinity group's places. Counters change with their claims in one transaction, so a difference is a fault of
 * ours, or somebody's hand in the database.
 */
export class UsageAuditor {
  readonly #parts: UsageAuditorParts;
  /** What the timer has told already. */
  #told = new Set<string>();

  constructor(parts: UsageAuditorParts) {
    this.#parts = parts;
  }

  /** Every counter that is not what it should be. Each is compared within one statement: claims go on meanwhile. */
  async audit(): Promise<readonly UsageDrift[]> {
    return (await this.#found()).map(({ drift }) => drift);
  }

  /**
   * Sets every counter that is wrong to what it should be, a row at a time, and gives what was wrong. Claims on the same
   * row wait or are waited for: what they take and give back is neither lost nor counted twice.
   * @param line of the log, written before anything is repaired
   */
  async repair(line?: (found: readonly UsageDrift[]) => Statement): Promise<readonly UsageDrift[]> {
    const { database, watcher } = this.#parts;
    const found = await this.#found();
    if (line !== undefined) await database.run(script(line(found.map(({ drift }) => drift))));
    for (const { counter, row } of found) await database.run(script(...this.#repairOf(counter, row)));
    if (found.length > 0) watcher.stale();
    return found.map(({ drift }) => drift);
  }

  /** Tells of what is wrong, once for each difference, and repairs nothing. Takes no input. */
  async reconcile(): Promise<void> {
    const { database, clock, logger, written } = this.#parts;
    const drifts = await this.audit();
    const news = drifts.filter((drift) => !this.#told.has(JSON.stringify(drift)));
    this.#told = new Set(drifts.map((drift) => JSON.stringify(drift)));
    if (news.length === 0) return;
    logger.error({ drifts: news }, "what is claimed and what is counted differ");
    const events = news.map(({ of, id, ...data }) =>
      outboxEvent(database.tables, {
        kind: `${of}.drift.usage`,
        projectId: of === "project" ? id : null,
        resourceId: id,
        actor: "system: audit",
        data,
        atMs: clock.nowMs(),
      }),
    );
    await database.run(script(...events));
    written.next();
  }

  async #found() {
    const { database } = this.#parts;
    const found = await Promise.all(
      this.#counters().map(async (counter) => {
        const { table, column, actual } = counter;
        const drifted = `SELECT d.* FROM (SELECT t.*, t.${column} AS recorded, ${actual} AS actual FROM ${table} t) d WHERE d.recorded <> d.actual`;
        const rows = await database.all(database.read.raw(drifted));
        return Promise.all(rows.map(async (row) => ({ counter, row, drift: await this.#driftOf(counter, row) })));
      }),
    );
    return found.flat();
  }

  async #driftOf({ of, key, counts }: Counter, row: Row): Promise<UsageDrift> {
    const { database } = this.#parts;
    const id = String(row[key[0] ?? ""]);
    const tables = {
      host: database.tables.hosts,
      project: database.tables.projects,
      group: database.tables.server_groups,
    };
    const named = await database.first<{ name: string }>(database.read(tables[of]).where({ id }).select("name"));
    const what = "name" in counts ? counts.name : String(row[counts.column]);
    return { of, id, name: named?.name ?? id, what, recorded: Number(row["recorded"]), actual: Number(row["actual"]) };
  }

  #repairOf({ table, key, column, actual }: Counter, row: Row): readonly Statement[] {
    const { concurrentWriters } = this.#parts.database;
    const where = key.map((name) => `t.${name} = ?`).join(" AND ");
    const bindings = key.map((name) => String(row[name]));
    // Every claim changes this row before it ends: once it is locked, what is claimed stands still or is not begun.
    const lock = statement(`SELECT 1 FROM ${table} t WHERE ${where} FOR UPDATE`, bindings);
    const set = statement(`UPDATE ${table} AS t SET ${column} = ${actual} WHERE ${where}`, bindings);
    return concurrentWriters ? [lock, set] : [set];
  }

  #counters(): readonly Counter[] {
    const { tables, concurrentWriters } = this.#parts.database;
    const {
      allocations,
      hosts,
      host_resources: declared,
      quotas,
      servers,
      server_groups: groups,
      shelved_layers: layers,
      group_members: members,
    } = tables;
    const shelved = `(SELECT COUNT(DISTINCT l.server_id) FROM ${layers} l JOIN ${servers} p ON p.id = l.server_id WHERE p.host_id IS NULL AND p.project_id = t.project_id)`;
    const sum = (what: string, where: string): string =>
      `(SELECT COALESCE(SUM(${what}), 0) FROM ${allocations} a WHERE ${where})`;
    const amount = concurrentWriters ? "(a.resources::jsonb ->> t.name)::bigint" : "a.resources ->> t.name";
    const ofHosts = builtInResources.map((name, index): Counter => {
      const column = builtInColumns[index] ?? "";
      const actual = sum(`a.${column}`, "a.host_id = t.id");
      return { of: "host", table: hosts, key: ["id"], column: `${column}_used`, actual, counts: { name } };
    });
    const ofProjects = quotaSources.map(([name, source]): Counter => {
      // Of a server with two places the quota holds the larger amount. A shelved one has none, and is a server all the same.
      const each = `SELECT MAX(${source === "1" ? source : `a.${source}`}) AS amount FROM ${allocations} a WHERE a.project_id = t.project_id GROUP BY a.server_id`;
      const placed = `(SELECT COALESCE(SUM(s.amount), 0) FROM (${each}) s)`;
      const actual = name === "servers" ? `(${placed} + ${shelved})` : placed;
      const column = quotaColumn(name, "used");
      return { of: "project", table: quotas, key: ["project_id"], column, actual, counts: { name } };
    });
    return [
      ...ofHosts,
      {
        of: "host",
        table: declared,
        key: ["host_id", "name"],
        column: "used",
        actual: sum(amount, "a.host_id = t.host_id"),
        counts: { column: "name" },
      },
      ...ofProjects,
      {
        of: "group",
        table: groups,
        key: ["id"],
        column: "placed",
        actual: `(CASE WHEN t.policy = 'affinity' THEN (SELECT COUNT(*) FROM ${members} m WHERE m.group_id = t.id) ELSE 0 END)`,
        counts: { name: "placed" },
      },
    ];
  }
}
