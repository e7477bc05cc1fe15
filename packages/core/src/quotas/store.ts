import { quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { quotaDefinitions, quotaNames } from "./model.ts";
import type { QuotaLimits, QuotaName, QuotaUse } from "./model.ts";

/** What is needed of some quotas, in their base units. */
export type QuotaNeeds = Readonly<Partial<Record<QuotaName, number>>>;

/** Limits and use of every project, one row each, so that one guarded update takes of all quotas. */
export class QuotaStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The row of a new project, with the default limits unless others are given. */
  create(projectId: string, limits: QuotaLimits): Statement {
    const row = Object.fromEntries(
      quotaNames.map((name) => [quotaColumn(name, "limit"), limits[name] ?? quotaDefinitions[name].defaultLimit]),
    );
    return insertInto(this.#database.tables.quotas, { project_id: projectId, ...row });
  }

  /** Takes of several quotas at once: {@link change} for what only grows. */
  take(projectId: string, needs: QuotaNeeds): Statement {
    return this.change(projectId, Object.fromEntries(entries(needs).filter(([, need]) => need > 0)));
  }

  /**
   * Changes the use of several quotas at once, or of none: guard `quota`. What is positive is taken, and guarded by its
   * limit and by the project's state; what is negative is given back, and never refused by a limit.
   */
  change(projectId: string, deltas: QuotaNeeds): Statement {
    const { quotas, projects } = this.#database.tables;
    const changed = entries(deltas).filter(([, delta]) => delta !== 0);
    if (changed.length === 0) return statement(`SELECT project_id FROM ${quotas} WHERE project_id = ?`, [projectId]);
    const sets = changed.map(([name]) => `${quotaColumn(name, "used")} = ${quotaColumn(name, "used")} + ?`);
    const growing = changed.filter(([, delta]) => delta > 0);
    const guards = growing.map(([name]) => {
      const limit = quotaColumn(name, "limit");
      return ` AND (${limit} = -1 OR ${quotaColumn(name, "used")} + ? <= ${limit})`;
    });
    const active = ` AND EXISTS (SELECT 1 FROM ${projects} p WHERE p.id = project_id AND p.state = 'active')`;
    return guarded(
      "quota",
      `UPDATE ${quotas} SET ${sets.join(", ")} WHERE project_id = ?${guards.join("")}${growing.length > 0 ? active : ""}`,
      [...changed.map(([, delta]) => delta), projectId, ...growing.map(([, delta]) => delta)],
    );
  }

  /** Changes limits. Below what is used is allowed, and blocks growth. */
  setLimits(projectId: string, limits: QuotaLimits): Script {
    const changed = entries(limits);
    const sets = changed.map(([name]) => `${quotaColumn(name, "limit")} = ?`);
    const sql = `UPDATE ${this.#database.tables.quotas} SET ${sets.join(", ")} WHERE project_id = ?`;
    const bindings = [...changed.map(([, limit]) => limit), projectId];
    return { statements: changed.length === 0 ? [] : [guarded("project", sql, bindings)], result: undefined };
  }

  /** Raises limits; one that is higher by now stays as it is. */
  raiseLimits(projectId: string, limits: QuotaLimits): Statement {
    const raised = entries(limits).map(([name, limit]) => {
      const column = quotaColumn(name, "limit");
      if (limit === -1) return { sql: `${column} = -1`, bindings: [] };
      const sql = `${column} = CASE WHEN ${column} = -1 OR ${column} > CAST(? AS BIGINT) THEN ${column} ELSE CAST(? AS BIGINT) END`;
      return { sql, bindings: [limit, limit] };
    });
    const sql = `UPDATE ${this.#database.tables.quotas} SET ${raised.map((one) => one.sql).join(", ")} WHERE project_id = ?`;
    return guarded("project", sql, [...raised.flatMap(({ bindings }) => bindings), projectId]);
  }

  /** Limits and use, in the order in which they are shown. */
  async use(projectId: string): Promise<readonly QuotaUse[]> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<Record<string, number>>(
      read(tables.quotas).where({ project_id: projectId }),
    );
    return quotaNames.map((quota) => {
      const limit = row?.[quotaColumn(quota, "limit")] ?? 0;
      const used = row?.[quotaColumn(quota, "used")] ?? 0;
      const available = limit === -1 ? -1 : Math.max(0, limit - used);
      return { quota, unit: quotaDefinitions[quota].unit, limit, used, available };
    });
  }

  /** Why a request cannot grow: what it lacks, or that its project is suspended; `undefined` when by now it can. */
  async shortage(projectId: string, needs: QuotaNeeds): Promise<CloudHostError | undefined> {
    const { read, tables } = this.#database;
    const project = await this.#database.first<{ state: string }>(read(tables.projects).where({ id: projectId }));
    if (project !== undefined && project.state !== "active") return notActive(project.state);
    const exceeded = (await this.use(projectId)).flatMap(({ quota, limit, used }) => {
      const need = needs[quota] ?? 0;
      return need > 0 && limit !== -1 && used + need > limit ? [{ quota, need, used, limit }] : [];
    });
    if (exceeded.length === 0) return undefined;
    const said = exceeded.map(({ quota, need, used, limit }) => {
      const { unit } = quotaDefinitions[quota];
      return `${quota} (needs ${need}, ${used} of ${limit} ${unit} used)`;
    });
    return new CloudHostError("QUOTA_EXCEEDED", `The project's quota does not allow this: ${said.join(", ")}.`, {
      exceeded,
    });
  }
}

/** The refusal of whatever is new in a project that takes nothing new. */
export const notActive = (state: string): CloudHostError =>
  new CloudHostError("CONFLICT", `The project is ${state}: nothing new is made in it, and nothing grows.`, {
    state,
    allowed: ["active"],
  });

const entries = (amounts: QuotaNeeds | QuotaLimits): readonly (readonly [QuotaName, number])[] =>
  quotaNames.flatMap((name) => {
    const amount = amounts[name];
    return amount === undefined ? [] : [[name, amount] as const];
  });
