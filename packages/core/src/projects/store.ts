import type { Database } from "../database/database.ts";
import { projectContents } from "../database/project-tables.ts";
import type { ProjectContent } from "../database/project-tables.ts";
import { PageQuery } from "../database/page-query.ts";
import type { Tables } from "../database/tables.ts";
import { guarded, script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { NameFilter } from "../lists/filters.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { Clock } from "../ports/clock.ts";
import type { QuotaLimits } from "../quotas/model.ts";
import type { QuotaStore } from "../quotas/store.ts";
import type { Project, ProjectState } from "./model.ts";

interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly state: ProjectState;
  readonly created_at_ms: number;
}

/** Which projects to find. */
export interface FindProjects extends NameFilter {
  readonly state?: readonly ProjectState[] | undefined;
}

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
} as const;

/**
 * How long a project is remembered, in milliseconds. What this process changes it knows at once; what another changed
 * it may learn so much later.
 */
export const projectKnownMs = 1000;

/** Rows of projects. Each request asks for its own, so that they are remembered for a moment. */
export class ProjectStore {
  readonly #database: Database;
  readonly #quotas: QuotaStore;
  readonly #clock: Clock;
  readonly #known = new Map<string, { readonly project: Project; readonly untilMs: number }>();
  /** Counts what was changed here: what was read before that is not remembered. */
  #changes = 0;

  constructor(database: Database, quotas: QuotaStore, clock: Clock) {
    this.#database = database;
    this.#quotas = quotas;
    this.#clock = clock;
  }

  /**
   * A new project with its quotas and the lowest free packet mark. Guard `project`: its name is taken, or no mark is
   * free.
   */
  create(project: Omit<Project, "state">, limits: QuotaLimits): Script {
    const { projects } = this.#database.tables;
    const free = `(SELECT MIN(m.tenant) FROM (SELECT 1 AS tenant UNION ALL SELECT tenant + 1 FROM ${projects}) m WHERE m.tenant BETWEEN 1 AND 65535 AND NOT EXISTS (SELECT 1 FROM ${projects} p WHERE p.tenant = m.tenant))`;
    return script(
      ...this.#oneAtATime(),
      guarded(
        "project",
        `INSERT INTO ${projects} (id, name, tenant, created_at_ms) SELECT ?, ?, f.tenant, CAST(? AS BIGINT) FROM (SELECT ${free} AS tenant) f WHERE f.tenant IS NOT NULL ON CONFLICT DO NOTHING`,
        [project.id, project.name, project.createdAtMs],
      ),
      this.#quotas.create(project.id, limits),
    );
  }

  /** Another name. Guard `name`: another project has it. */
  rename(projectId: string, name: string): Script {
    const { projects } = this.#database.tables;
    const sql = `UPDATE ${projects} SET name = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM ${projects} p WHERE p.name = ? AND p.id <> ?)`;
    return script(...this.#oneAtATime(), guarded("name", sql, [name, projectId, name, projectId]));
  }

  /** Guard `project`: it is gone, or being deleted. */
  setState(projectId: string, state: ProjectState): Statement {
    const sql = `UPDATE ${this.#database.tables.projects} SET state = ? WHERE id = ? AND deleted_at_ms IS NULL AND state <> 'deleting'`;
    return guarded("project", sql, [state, projectId]);
  }

  /** Takes nothing new from now on, until that operation has deleted it. Guard `project`: it is gone, or being deleted. */
  beginDelete(projectId: string, operationId: string): Statement {
    const sql = `UPDATE ${this.#database.tables.projects} SET state = 'deleting', operation_id = ? WHERE id = ? AND deleted_at_ms IS NULL AND state <> 'deleting'`;
    return guarded("project", sql, [operationId, projectId]);
  }

  /** Its deletion was given up: it is suspended, with what is left in it. */
  deletionGivenUp(projectId: string): Script {
    const sql = `UPDATE ${this.#database.tables.projects} SET state = 'suspended' WHERE id = ? AND state = 'deleting'`;
    return script(statement(sql, [projectId]));
  }

  /** The operation that deletes it with everything, if one does. */
  async deletedBy(projectId: string): Promise<string | undefined> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<{ operation_id: string }>(
      read(tables.projects).where({ id: projectId, state: "deleting" }).select("operation_id"),
    );
    return row?.operation_id;
  }

  /**
   * Deletes a project that has nothing any more: guard `empty`. Its row stays, for what is remembered of it; its name
   * and its mark are free again.
   */
  delete(projectId: string, atMs: number): Script {
    return script(
      ...this.#oneAtATime(),
      this.#mark(projectId, atMs, projectContents, "<>"),
      ...this.#forgetRows(projectId, atMs),
    );
  }

  /** Deletes a project whose servers and images are gone, with the rest: guard `empty` while one of these is left. */
  deleteWithRows(projectId: string, atMs: number): Script {
    const { tables } = this.#database;
    const rest = projectContents.filter(({ by }) => by === "row").flatMap((one) => removal(tables, one, projectId));
    const things = projectContents.filter(({ by }) => by === "operation");
    return {
      ...script(
        ...this.#oneAtATime(),
        ...rest,
        this.#mark(projectId, atMs, things, "="),
        ...this.#forgetRows(projectId, atMs),
      ),
      committed: () => this.forget(),
    };
  }

  #mark(projectId: string, atMs: number, absent: readonly ProjectContent[], deleting: "=" | "<>"): Statement {
    const { tables } = this.#database;
    const none = absent.map(
      ({ table, where }) => `NOT EXISTS (SELECT 1 FROM ${tables[table]} WHERE ${where} AND project_id = ?)`,
    );
    const noMark = `(SELECT CASE WHEN MIN(tenant) < 0 THEN MIN(tenant) - 1 ELSE -1 END FROM ${tables.projects})`;
    return guarded(
      "empty",
      `UPDATE ${tables.projects} SET state = 'deleted', deleted_at_ms = ?, name = id, tenant = ${noMark} WHERE id = ? AND deleted_at_ms IS NULL AND state ${deleting} 'deleting' AND ${none.join(" AND ")}`,
      [atMs, projectId, ...none.map(() => projectId)],
    );
  }

  /** What is no content of a project, and means nothing without it. */
  #forgetRows(projectId: string, atMs: number): readonly Statement[] {
    const {
      project_members: members,
      quota_requests: requests,
      webhooks,
      webhook_deliveries: deliveries,
    } = this.#database.tables;
    return [
      statement(`DELETE FROM ${members} WHERE project_id = ?`, [projectId]),
      statement(`DELETE FROM ${deliveries} WHERE webhook_id IN (SELECT id FROM ${webhooks} WHERE project_id = ?)`, [
        projectId,
      ]),
      statement(`DELETE FROM ${webhooks} WHERE project_id = ?`, [projectId]),
      statement(
        `UPDATE ${requests} SET state = 'withdrawn', decided_at_ms = ? WHERE project_id = ? AND state = 'open'`,
        [atMs, projectId],
      ),
    ];
  }

  /** What a project still has: how many of each. */
  async contents(projectId: string): Promise<Readonly<Record<string, number>>> {
    const { read, tables } = this.#database;
    const counts = await Promise.all(
      projectContents.map(async ({ what, table, where }) => {
        const query = read.raw(`SELECT COUNT(*) AS n FROM ${tables[table]} WHERE ${where} AND project_id = ?`, [
          projectId,
        ]);
        return [what, (await this.#database.first<{ n: number }>(query))?.n ?? 0] as const;
      }),
    );
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  /** The project of that id or name, as it was at most {@link projectKnownMs} ago. */
  async named(idOrName: string): Promise<Project | undefined> {
    const known = this.#known.get(idOrName);
    if (known !== undefined && known.untilMs > this.#clock.nowMs()) return known.project;
    const changes = this.#changes;
    const { read, tables } = this.#database;
    const row = await this.#database.first<ProjectRow>(
      read(tables.projects)
        .whereNull("deleted_at_ms")
        .where((either) => void either.where({ id: idOrName }).orWhere({ name: idOrName }))
        .orderByRaw("id = ? DESC", [idOrName]),
    );
    if (row === undefined) return undefined;
    const project = projectOfRow(row);
    const remembered = { project, untilMs: this.#clock.nowMs() + projectKnownMs };
    if (changes === this.#changes) this.#known.set(project.id, remembered).set(project.name, remembered);
    return project;
  }

  /** Something was changed here: nothing of before is remembered. */
  forget(): void {
    this.#changes += 1;
    this.#known.clear();
  }

  async find(where: FindProjects, part: SliceRequest<keyof typeof sorts>): Promise<Slice<Project>> {
    const select = `SELECT * FROM ${this.#database.tables.projects}`;
    const query = new PageQuery<ProjectRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .where("deleted_at_ms IS NULL")
      .equal("name", where.name)
      .begins("name", where.namePrefix)
      .oneOf("state", where.state);
    return sliceOf(await query.read(this.#database, part), projectOfRow);
  }

  /** Names and marks are unique, and are picked by reading: one at a time, so that two do not pick the same. */
  #oneAtATime(): readonly Statement[] {
    const lock = `LOCK TABLE ${this.#database.tables.projects} IN SHARE ROW EXCLUSIVE MODE`;
    return this.#database.concurrentWriters ? [statement(lock)] : [];
  }
}

/** Removes rows of a project. A deleted server may still name its group. */
const removal = (tables: Tables, { table }: ProjectContent, projectId: string): readonly Statement[] => [
  ...(table === "server_groups"
    ? [
        statement(`UPDATE ${tables.servers} SET group_id = NULL WHERE project_id = ? AND deleted_at_ms IS NOT NULL`, [
          projectId,
        ]),
      ]
    : []),
  statement(`DELETE FROM ${tables[table]} WHERE project_id = ?`, [projectId]),
];

const projectOfRow = (row: ProjectRow): Project => ({
  id: row.id,
  name: row.name,
  state: row.state,
  createdAtMs: row.created_at_ms,
});
