import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import type { CreationFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { OperationRow } from "./journal.ts";
import type { Operation, OperationState, OperationWait } from "./model.ts";

/** An operation's row as it is shown, with its host's name. */
export interface ShownRow extends OperationRow {
  readonly host_name: string | null;
  /** Whether it is under way, and nobody runs it. */
  readonly idle: number | boolean;
}

/** Which operations to find. */
export interface FindOperations extends CreationFilter {
  /** `undefined`: of every project. */
  readonly projectId: string | undefined;
  readonly state?: readonly OperationState[] | undefined;
  readonly kind?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly userId?: string | undefined;
}

/** Their ids begin with the time at which they were made. */
const sorts = { createdAt: { column: "o.id", type: "text" } } as const;

/** Operations' rows, as people ask for them. What runs them writes through the journal. */
export class OperationRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async find(where: FindOperations, part: SliceRequest<keyof typeof sorts>): Promise<Slice<ShownRow>> {
    const query = new PageQuery<ShownRow, keyof typeof sorts>({ select: this.#select(), sorts, id: "o.id" })
      .equal("o.project_id", where.projectId)
      .oneOf("o.state", where.state)
      .equal("o.kind", where.kind)
      .equal("o.resource_id", where.resourceId)
      .equal("o.actor", where.userId)
      .atLeast("o.created_at_ms", where.createdSinceMs)
      .below("o.created_at_ms", where.createdBeforeMs);
    return query.read(this.#database, part);
  }

  async get(operationId: string): Promise<ShownRow | undefined> {
    const [row] = await this.#database.select<ShownRow>(`${this.#select()} WHERE o.id = ?`, [operationId]);
    return row;
  }

  #select(): string {
    const { operations, hosts } = this.#database.tables;
    const idle = `o.state IN ('running', 'undoing') AND o.lease_until_ms < ${this.#database.leaseNow()}`;
    return `SELECT o.*, h.name AS host_name, (${idle}) AS idle FROM ${operations} o LEFT JOIN ${hosts} h ON h.id = o.host_id`;
  }
}

/** How a row is shown, and to whom. */
export interface Showing {
  /** Whether this version knows its kind. */
  readonly known: boolean;
  /** Whether hosts' names are theirs to see. */
  readonly hosts: boolean;
}

/** A row as its users see it. */
export const operationOf = (row: ShownRow, showing: Showing): Operation => ({
  id: row.id,
  kind: row.kind,
  projectId: row.project_id,
  userId: row.actor,
  resourceId: row.resource_id,
  state: row.state,
  step: row.step,
  percent: row.percent,
  error: parsed(row.error) as Operation["error"],
  waitingFor: waitOf(row, showing),
  cancellable: row.state === "running" && !row.no_return && row.cancel_at_ms === null,
  cancelledAtMs: row.cancel_at_ms,
  deadlineMs: row.deadline_ms,
  stuck: parsed(row.stuck) as Operation["stuck"],
  abandoned: parsed(row.abandoned) as Operation["abandoned"],
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

function waitOf(row: ShownRow, { known, hosts }: Showing): OperationWait | null {
  if (!row.idle) return null;
  if (!known) return { what: "version", host: null };
  return row.host_id === null ? { what: "process", host: null } : { what: "host", host: hosts ? row.host_name : null };
}

const parsed = (json: string | null): unknown => (json === null ? null : JSON.parse(json));
