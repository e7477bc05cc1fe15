import type { Database } from "../database/database.ts";
import type { OperationRow } from "./journal.ts";
import type { Operation, OperationState, OperationWait } from "./model.ts";

/** An operation's row as it is shown, with its host's name. */
export interface ShownRow extends OperationRow {
  readonly host_name: string | null;
  /** Whether it is under way, and nobody runs it. */
  readonly idle: number | boolean;
}

/** Which operations to find. */
export interface FindOperations {
  /** `undefined`: of every project. */
  readonly projectId: string | undefined;
  readonly state?: OperationState | undefined;
  readonly resourceId?: string | undefined;
  readonly after?: string | undefined;
}

/** Operations' rows, as people ask for them. What runs them writes through the journal. */
export class OperationRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The oldest first. */
  async find({ projectId, state, resourceId, after }: FindOperations, most: number): Promise<readonly ShownRow[]> {
    const query = this.#rows().orderBy("o.id").limit(most);
    if (projectId !== undefined) void query.where("o.project_id", projectId);
    if (state !== undefined) void query.where("o.state", state);
    if (resourceId !== undefined) void query.where("o.resource_id", resourceId);
    if (after !== undefined) void query.where("o.id", ">", after);
    return this.#database.all<ShownRow>(query);
  }

  async get(operationId: string): Promise<ShownRow | undefined> {
    return this.#database.first<ShownRow>(this.#rows().where("o.id", operationId));
  }

  #rows() {
    const { read, tables } = this.#database;
    const idle = `o.state IN ('running', 'undoing') AND o.lease_until_ms < ${this.#database.leaseNow()}`;
    return read({ o: tables.operations })
      .leftJoin({ h: tables.hosts }, "h.id", "o.host_id")
      .select("o.*", "h.name as host_name", read.raw(`(${idle}) AS idle`));
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
