import { notFound, projectFilter, sees } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { parseInput } from "../parse.ts";
import type { OperationEngine } from "./engine.ts";
import { OperationHandle } from "./handle.ts";
import { ListOperations } from "./model.ts";
import type { Operation } from "./model.ts";
import { operationOf } from "./store.ts";
import type { OperationRecords, ShownRow } from "./store.ts";

/** What {@link Operations} needs. */
export interface OperationsDependencies {
  readonly operations: OperationRecords;
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

  /**
   * Operations, oldest first.
   * @example
   * for await (const { id, kind, stuck } of ops.operations.list({ state: "stuck" })) console.log(id, kind, stuck);
   */
  list(input: ListOperations = {}): Listing<Operation> {
    return listing(async (at) => {
      const scope = await this.#caller.may("operations.list");
      const { limit, after, state, resourceId } = parseInput(ListOperations, at, "a list of operations");
      const where = { projectId: projectFilter(scope), state, resourceId, after };
      const rows = await this.#dependencies.operations.find(where, limit);
      return { items: rows.map((row) => this.#shown(scope, row)), limit };
    }, input);
  }

  /**
   * One operation.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(operationId: string): Promise<Operation> {
    const scope = await this.#caller.may("operations.get");
    return this.#read(scope, operationId);
  }

  /**
   * A handle on an operation of earlier, perhaps of another process: its progress, and its end.
   * @throws CloudHostError `NOT_FOUND`
   */
  async result(operationId: string): Promise<OperationHandle<Operation>> {
    const scope = await this.#caller.may("operations.result");
    const { id, resource_id: resourceId } = await this.#row(scope, operationId);
    return new OperationHandle(this.#dependencies.engine, id, resourceId, () => this.#read(scope, id));
  }

  async #read(scope: Scope, operationId: string): Promise<Operation> {
    return this.#shown(scope, await this.#row(scope, operationId));
  }

  #shown(scope: Scope, row: ShownRow): Operation {
    const known = this.#dependencies.engine.definition(row.kind) !== undefined;
    return operationOf(row, { known, hosts: scope.everywhere });
  }

  async #row(scope: Scope, operationId: string): Promise<ShownRow> {
    const row = await this.#dependencies.operations.get(parseNamed("operation", operationId));
    if (row === undefined || !sees(scope, row.project_id)) throw notFound("operation", operationId);
    return row;
  }
}
