import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { guarded, insertInto } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { CreationFilter } from "../lists/filters.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { QuotaLimits } from "./model.ts";
import type { QuotaRequest, QuotaRequestState } from "./request-model.ts";

interface QuotaRequestRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly state: QuotaRequestState;
  readonly limits: string;
  readonly reason: string;
  readonly granted: string | null;
  readonly decided_by: string | null;
  readonly decision: string | null;
  readonly created_at_ms: number;
  readonly decided_at_ms: number | null;
}

/** How a request ended. */
export interface QuotaDecision {
  readonly state: Exclude<QuotaRequestState, "open">;
  readonly granted: QuotaLimits | null;
  readonly userId: string;
  readonly reason: string | null;
  readonly atMs: number;
}

/** Which requests to find. */
export interface FindQuotaRequests extends CreationFilter {
  /** `undefined`: of every project. */
  readonly projectId: string | undefined;
  readonly state?: readonly QuotaRequestState[] | undefined;
  readonly userId?: string | undefined;
}

const sorts = { createdAt: { column: "created_at_ms", type: "integer" } } as const;

/** Rows of requests for quota. A project has one open at the most. */
export class QuotaRequestStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new one. Guard `open`: the project has one that is open. */
  create(request: QuotaRequest): Statement {
    const { sql, bindings } = insertInto(this.#database.tables.quota_requests, {
      id: request.id,
      project_id: request.projectId,
      user_id: request.userId,
      state: request.state,
      limits: JSON.stringify(request.limits),
      reason: request.reason,
      created_at_ms: request.createdAtMs,
    });
    return guarded("open", `${sql} ON CONFLICT DO NOTHING`, bindings);
  }

  /** Ends it. Guard `open`: somebody was first. */
  decide(id: string, { state, granted, userId, reason, atMs }: QuotaDecision): Statement {
    const sql = `UPDATE ${this.#database.tables.quota_requests} SET state = ?, granted = ?, decided_by = ?, decision = ?, decided_at_ms = ? WHERE id = ? AND state = 'open'`;
    const bindings = [state, granted === null ? null : JSON.stringify(granted), userId, reason, atMs, id];
    return guarded("open", sql, bindings);
  }

  async get(id: string): Promise<QuotaRequest | undefined> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<QuotaRequestRow>(read(tables.quota_requests).where({ id }));
    return row === undefined ? undefined : requestOf(row);
  }

  async find(where: FindQuotaRequests, part: SliceRequest<keyof typeof sorts>): Promise<Slice<QuotaRequest>> {
    const select = `SELECT * FROM ${this.#database.tables.quota_requests}`;
    const query = new PageQuery<QuotaRequestRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .oneOf("state", where.state)
      .equal("user_id", where.userId)
      .atLeast("created_at_ms", where.createdSinceMs)
      .below("created_at_ms", where.createdBeforeMs);
    return sliceOf(await query.read(this.#database, part), requestOf);
  }
}

const requestOf = (row: QuotaRequestRow): QuotaRequest => ({
  id: row.id,
  projectId: row.project_id,
  userId: row.user_id,
  state: row.state,
  limits: JSON.parse(row.limits) as QuotaLimits,
  reason: row.reason,
  granted: row.granted === null ? null : (JSON.parse(row.granted) as QuotaLimits),
  decidedBy: row.decided_by,
  decision: row.decision,
  createdAtMs: row.created_at_ms,
  decidedAtMs: row.decided_at_ms,
});
