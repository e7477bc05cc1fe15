import type { Database } from "../database/database.ts";
import { guarded, statement } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { Page } from "../names.ts";
import type { QuotaStore } from "../quotas/store.ts";
import type { QuotaLimits } from "../quotas/model.ts";
import type { Project } from "./model.ts";

interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly tenant: number;
  readonly created_at_ms: number;
}

/** Projects' rows. A project never changes once made, so that who asks often asks once. */
export class ProjectStore {
  readonly #database: Database;
  readonly #quotas: QuotaStore;
  readonly #known = new Map<string, Project>();

  constructor(database: Database, quotas: QuotaStore) {
    this.#database = database;
    this.#quotas = quotas;
  }

  /**
   * A new project with its quotas and the lowest free packet mark. Guard `project`: its name is taken, or no mark is
   * free.
   */
  create(project: Project, limits: QuotaLimits): Script {
    const { projects } = this.#database.tables;
    const free = `(SELECT MIN(m.tenant) FROM (SELECT 1 AS tenant UNION ALL SELECT tenant + 1 FROM ${projects}) m WHERE m.tenant <= 65535 AND NOT EXISTS (SELECT 1 FROM ${projects} p WHERE p.tenant = m.tenant))`;
    return {
      statements: [
        // One at a time, so that two do not pick the same free mark.
        ...(this.#database.concurrentWriters ? [statement(`LOCK TABLE ${projects} IN SHARE ROW EXCLUSIVE MODE`)] : []),
        guarded(
          "project",
          `INSERT INTO ${projects} (id, name, tenant, created_at_ms) SELECT ?, ?, f.tenant, CAST(? AS BIGINT) FROM (SELECT ${free} AS tenant) f WHERE f.tenant IS NOT NULL ON CONFLICT DO NOTHING`,
          [project.id, project.name, project.createdAtMs],
        ),
        this.#quotas.create(project.id, limits),
      ],
      result: undefined,
    };
  }

  /** The project of that id or name. */
  async named(idOrName: string): Promise<Project | undefined> {
    const known = this.#known.get(idOrName);
    if (known !== undefined) return known;
    const { read, tables } = this.#database;
    const row = await this.#database.first<ProjectRow>(
      read(tables.projects).where({ id: idOrName }).orWhere({ name: idOrName }).orderByRaw("id = ? DESC", [idOrName]),
    );
    if (row === undefined) return undefined;
    const project = projectOfRow(row);
    this.#known.set(project.id, project).set(project.name, project);
    return project;
  }

  async find(page: Page): Promise<readonly Project[]> {
    const { read, tables } = this.#database;
    const query = read(tables.projects).orderBy("id").limit(page.limit);
    if (page.after !== undefined) void query.where("id", ">", page.after);
    return (await this.#database.all<ProjectRow>(query)).map(projectOfRow);
  }
}

const projectOfRow = (row: ProjectRow): Project => ({ id: row.id, name: row.name, createdAtMs: row.created_at_ms });
