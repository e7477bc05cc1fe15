import { notFound, projectFilter, sees } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { sliceOf } from "../lists/slice.ts";
import { Nothing } from "../parse.ts";
import type { OperationEngine } from "./engine.ts";
import { OperationHandle } from "./handle.ts";
import { AbandonOperation, ListOperations } from "./model.ts";
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
   * Operations, the oldest first unless said otherwise.
   * @example
   * for await (const { id, kind, stuck } of ops.operations.list({ state: "stuck" })) console.log(id, kind, stuck);
   */
  list(input: ListOperations = {}): Listing<Operation> {
    const asked = { permission: "operations.list", schema: ListOperations, what: "a list of operations" } as const;
    return listing(this.#caller, asked, input, async (scope, where, part) => {
      const { operations } = this.#dependencies;
      const slice = await operations.find({ ...where, projectId: projectFilter(scope) }, part);
      return sliceOf(slice, (row) => this.#shown(scope, row));
    });
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

  /**
   * Cancels an operation: the step under way is ended on its host, everything is taken back, and it fails with
   * `CANCELLED`. Asked for in one process, it is done in the one that runs it; await `result(id)` for its end.
   * @throws CloudHostError `NOT_FOUND`; `CONFLICT` when it has ended, is being taken back already, or only goes forward
   * now: a deletion cannot be cancelled
   * @example
   * const create = await album.servers.create({ name: "web-1", flavor: "c2.e4", image: "debian-12" });
   * await album.operations.cancel(create.id);
   */
  async cancel(operationId: string): Promise<Operation> {
    const asked = { schema: Nothing, input: {}, what: "options of cancel", find: this.#finding(operationId) };
    return this.#caller.change("operations.cancel", asked, async (scope, _, row) => {
      await this.#dependencies.engine.control.cancel(row);
      return this.#read(scope, row.id);
    });
  }

  /**
   * Has a stuck operation go on from the step at which it stopped: what stood in its way was put right.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` when it is not stuck. From `result()`: how it ended, as if it had
   * never been stuck
   * @example
   * for await (const { id } of ops.operations.list({ state: "stuck" })) await ops.operations.retry(id);
   */
  async retry(operationId: string): Promise<OperationHandle<Operation>> {
    const asked = { schema: Nothing, input: {}, what: "options of retry", find: this.#finding(operationId) };
    return this.#caller.change("operations.retry", asked, async (scope, _, row) => {
      const { engine } = this.#dependencies;
      await engine.control.retry(row, scope);
      return new OperationHandle(engine, row.id, row.resource_id, () => this.#read(scope, row.id));
    });
  }

  /**
   * Gives up an operation that is stuck, or that waits for a host which does not come back. It has failed then; what it
   * is about is free again, for instance to be deleted, and what was not taken back is listed in its record.
   * @throws CloudHostError `NOT_FOUND`; `CONFLICT` while it is run, or when it has ended; `VERSION_MISMATCH` for a kind
   * that this version does not know
   * @example
   * const { abandoned } = await ops.operations.abandon(id, { reason: "host-7 burned down" });
   * abandoned?.leftOver; // ["claim", "addresses", "network"]
   */
  async abandon(operationId: string, input: AbandonOperation): Promise<Operation> {
    const what = "why an operation is given up";
    const asked = { schema: AbandonOperation, input, what, find: this.#finding(operationId) };
    return this.#caller.change("operations.abandon", asked, async (scope, { reason }, row) => {
      await this.#dependencies.engine.control.abandon(row, { userId: scope.userId, reason });
      return this.#read(scope, row.id);
    });
  }

  #finding(operationId: string): (scope: Scope) => Promise<ShownRow> {
    return (scope) => this.#row(scope, operationId);
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
