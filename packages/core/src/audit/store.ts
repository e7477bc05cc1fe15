import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { insertInto, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { Ids } from "../ids.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { Role } from "../projects/model.ts";
import type { LogEntry, LogResult } from "./model.ts";

/** A line to write. */
export interface NewLogEntry {
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly projectId: string | null;
  readonly method: string;
  readonly from: string | undefined;
  readonly result: LogResult;
  readonly code?: string | undefined;
  /** What it is about, the first one foremost; two at the most. */
  readonly resources: readonly string[];
  readonly operationId?: string | undefined;
  readonly atMs: number;
}

interface LogRow {
  readonly id: string;
  readonly at_ms: number;
  readonly user_id: string;
  readonly roles: string;
  readonly project_id: string | null;
  readonly method: string;
  readonly resource_id: string | null;
  readonly related_id: string | null;
  readonly source: string | null;
  readonly result: LogResult;
  readonly code: string | null;
  readonly operation_id: string | null;
}

/** Which lines to find. */
export interface FindLog {
  /** `undefined`: of every project. */
  readonly projectId: string | undefined;
  readonly userId?: string | undefined;
  readonly resource?: string | undefined;
  readonly method?: string | undefined;
  readonly result?: LogResult | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Their ids begin with the time at which they were made. */
const sorts = { at: { column: "id", type: "text" } } as const;

/** The log's rows. They are put in and read, and the database itself refuses anything else. */
export class LogStore {
  readonly #database: Database;
  readonly #ids: Ids;

  constructor(database: Database, ids: Ids) {
    this.#database = database;
    this.#ids = ids;
  }

  /** A line, to be committed with what it tells of. */
  entry(entry: NewLogEntry): Statement {
    const [resource = null, related = null] = entry.resources;
    return insertInto(this.#database.tables.audit, {
      id: this.#ids.next("log"),
      at_ms: entry.atMs,
      user_id: entry.userId,
      roles: entry.roles.join(","),
      project_id: entry.projectId,
      method: entry.method,
      resource_id: resource,
      related_id: related,
      source: entry.from ?? null,
      result: entry.result,
      code: entry.code ?? null,
      operation_id: entry.operationId ?? null,
    });
  }

  /** How an operation ended, in the words of the line that tells of its beginning; nothing where there is none. */
  ended(operationId: string, result: LogResult, code: string | undefined, atMs: number): Statement {
    const { audit } = this.#database.tables;
    return statement(
      `INSERT INTO ${audit} (id, at_ms, result, code, user_id, roles, project_id, method, resource_id, related_id, source, operation_id) SELECT CAST(? AS VARCHAR(40)), CAST(? AS BIGINT), CAST(? AS VARCHAR(12)), CAST(? AS VARCHAR(40)), user_id, roles, project_id, method, resource_id, related_id, source, operation_id FROM ${audit} WHERE operation_id = ? AND result = 'accepted' ORDER BY id LIMIT 1`,
      [this.#ids.next("log"), atMs, result, code ?? null, operationId],
    );
  }

  /** Lines in the order of their ids, which is that of their making. */
  async find(where: FindLog, part: SliceRequest<keyof typeof sorts>): Promise<Slice<LogEntry>> {
    const select = `SELECT * FROM ${this.#database.tables.audit}`;
    const query = new PageQuery<LogRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .equal("user_id", where.userId)
      .equal("method", where.method)
      .equal("result", where.result)
      .atLeast("at_ms", where.from)
      .below("at_ms", where.to);
    const { resource } = where;
    if (resource !== undefined) {
      query.either(
        { sql: "resource_id = ?", bindings: [resource] },
        { sql: "related_id = ? AND COALESCE(resource_id, '') <> ?", bindings: [resource, resource] },
      );
    }
    return sliceOf(await query.read(this.#database, part), entryOf);
  }
}

const entryOf = (row: LogRow): LogEntry => ({
  id: row.id,
  atMs: row.at_ms,
  userId: row.user_id,
  roles: row.roles.split(",") as Role[],
  projectId: row.project_id,
  method: row.method,
  resources: [row.resource_id, row.related_id].filter((id) => id !== null),
  from: row.source,
  result: row.result,
  code: row.code,
  operationId: row.operation_id,
});
