import { quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { guarded, insertInto } from "../database/script.ts";
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

  /** Takes of several quotas at once, or of none: guard `quota`. Only growing is guarded. */
  take(projectId: string, needs: QuotaNeeds): Statement {
    const wanted = entries(needs).filter(([, need]) => need > 0);
    const sets = wanted.map(([name]) => `${quotaColumn(name, "used")} = ${quotaColumn(name, "used")} + ?`);
    const guards = wanted.map(([name]) => {
      const limit = quotaColumn(name, "limit");
      return `(${limit} = -1 OR ${quotaColumn(name, "used")} + ? <= ${limit})`;
    });
    const amounts = wanted.map(([, need]) => need);
    return guarded(
      "quota",
      `UPDATE ${this.#database.tables.quotas} SET ${sets.join(", ")} WHERE project_id = ? AND ${guards.join(" AND ")}`,
      [...amounts, projectId, ...amounts],
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

  /** The error that says what a request lacks, or `undefined` when by now it lacks nothing. */
  async shortage(projectId: string, needs: QuotaNeeds): Promise<CloudHostError<"QUOTA_EXCEEDED"> | undefined> {
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

const entries = (amounts: QuotaNeeds | QuotaLimits): readonly (readonly [QuotaName, number])[] =>
  quotaNames.flatMap((name) => {
    const amount = amounts[name];
    return amount === undefined ? [] : [[name, amount] as const];
  });
