import { notFound, projectFilter } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { parseInput } from "../parse.ts";
import type { OperationEngine } from "./engine.ts";
import { OperationHandle } from "./handle.ts";
import type { OperationRow } from "./journal.ts";
import { ListOperations } from "./model.ts";
import type { Operation } from "./model.ts";

/** What {@link Operations} needs. */
export interface OperationsDependencies {
  readonly database: Database;
  readonly engine: OperationEngine;
}

/** What was asked for, by whom, and how far it is. */
export class Operations {
  readonly #caller: Caller;
  readonly #dependencies: OperationsDependencies;

  constructor(caller: Caller, dependencies: OperationsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /** Operations, oldest first. */
  list(input: ListOperations = {}): Listing<Operation> {
    return listing(async (at) => {
      const scope = await this.#caller.may("operations.list");
      const { limit, after, state, resourceId } = parseInput(ListOperations, at, "a list of operations");
      const { database } = this.#dependencies;
      const query = database.read(database.tables.operations).orderBy("id").limit(limit);
      const projectId = projectFilter(scope);
      if (projectId !== undefined) void query.where({ project_id: projectId });
      if (state !== undefined) void query.where({ state });
      if (resourceId !== undefined) void query.where({ resource_id: resourceId });
      if (after !== undefined) void query.where("id", ">", after);
      return { items: (await database.all<OperationRow>(query)).map(operationOf), limit };
    }, input);
  }

  /**
   * One operation.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(operationId: string): Promise<Operation> {
    const scope = await this.#caller.may("operations.get");
    return operationOf(await this.#row(parseNamed("operation", operationId), projectFilter(scope)));
  }

  /**
   * A handle on an operation of earlier, perhaps of another process: its progress, and its end.
   * @throws CloudHostError `NOT_FOUND`
   */
  async result(operationId: string): Promise<OperationHandle<Operation>> {
    const scope = await this.#caller.may("operations.result");
    const row = await this.#row(parseNamed("operation", operationId), projectFilter(scope));
    return new OperationHandle(this.#dependencies.engine, row.id, row.resource_id, async () =>
      operationOf(await this.#row(operationId, projectFilter(scope))),
    );
  }

  async #row(operationId: string, projectId: string | undefined): Promise<OperationRow> {
    const { database } = this.#dependencies;
    const row = await database.first<OperationRow>(
      database.read(database.tables.operations).where({ id: operationId }),
    );
    if (row === undefined || (projectId !== undefined && row.project_id !== projectId))
      throw notFound("operation", operationId);
    return row;
  }
}

const operationOf = (row: OperationRow): Operation => ({
  id: row.id,
  kind: row.kind,
  projectId: row.project_id,
  userId: row.actor,
  resourceId: row.resource_id,
  state: row.state,
  step: row.step,
  percent: row.percent,
  error: row.error === null ? null : (JSON.parse(row.error) as NonNullable<Operation["error"]>),
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});
