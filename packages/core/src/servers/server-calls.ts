import { notFound } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import type { Permission } from "../access/permissions.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Binding, Statement } from "../database/script.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { ServerActionName } from "./actions.ts";
import { findServer } from "./find-server.ts";
import { refusalNow, refusalOf } from "./gate.ts";
import type { GuestWatch } from "./guest-watch.ts";
import type { Server, ServerState } from "./model.ts";
import type { ServerPlanner } from "./planner.ts";
import { serverOf } from "./store.ts";
import type { ServerRow, ServerStore } from "./store.ts";

/** What the servers' facade needs. */
export interface ServersDependencies {
  readonly database: Database;
  readonly servers: ServerStore;
  readonly planner: ServerPlanner;
  readonly engine: OperationEngine;
  readonly guests: GuestWatch;
  readonly clock: Clock;
}

/** An action that takes steps outside. */
export interface ActionCall {
  readonly action: ServerActionName;
  readonly definition: OperationDefinition;
  /** What was asked for, parsed. */
  readonly request: { readonly idempotencyKey?: string | undefined };
  /** What the steps need, from the server's row. */
  readonly plan: (row: ServerRow) => object | Promise<object>;
  /** The state that it is in until the operation ends, where that is another. */
  readonly meanwhile?: ServerState;
  /** What else commits with the operation. */
  readonly statements?: (row: ServerRow, operationId: string) => readonly Statement[];
}

/** What every method of the servers' facade does alike, for one caller. */
export class ServerCalls {
  readonly dependencies: ServersDependencies;
  readonly #caller: Caller;

  constructor(caller: Caller, dependencies: ServersDependencies) {
    this.#caller = caller;
    this.dependencies = dependencies;
  }

  may(permission: Permission): Promise<Scope> {
    return this.#caller.may(permission);
  }

  /** A server that the caller sees. */
  find(scope: Scope, idOrName: string): Promise<ServerRow> {
    return findServer(this.dependencies.servers, scope, idOrName);
  }

  /**
   * A server that the caller sees, and that can be asked for this now.
   * @throws CloudHostError `CONFLICT` with a reason
   */
  async allowed(scope: Scope, idOrName: string, action: ServerActionName): Promise<ServerRow> {
    const row = await this.find(scope, idOrName);
    const refusal = refusalOf(row, action, scope);
    if (refusal !== undefined) throw refusal;
    return row;
  }

  /** Begins an action as an operation; its handle gives the server. */
  async act(scope: Scope, idOrName: string, call: ActionCall): Promise<OperationHandle<Server>> {
    const { id, resourceId } = await this.submit(scope, await this.find(scope, idOrName), call);
    return this.handle(id, resourceId, () => this.read(scope, resourceId));
  }

  /** Begins an action on a server that is known already. */
  async submit(scope: Scope, row: ServerRow, call: ActionCall): Promise<{ id: string; resourceId: string }> {
    const { engine, servers } = this.dependencies;
    const { action, definition, request, plan, meanwhile } = call;
    return engine.submit({
      definition,
      projectId: row.project_id,
      actor: scope.userId,
      resourceId: row.id,
      hostId: row.host_id ?? undefined,
      idempotencyKey: request.idempotencyKey,
      request: { ...request, server: row.id },
      input: await plan(row),
      statements: (operationId) => [
        servers.begin(row.id, operationId, action, scope, meanwhile),
        ...(call.statements?.(row, operationId) ?? []),
      ],
      refused: () => refusalNow(servers, row.id, action, scope),
    });
  }

  /** Does an action that only writes to the server's own row, and tells of it as an event. */
  async write(
    scope: Scope,
    idOrName: string,
    action: ServerActionName,
    columns: (row: ServerRow) => Readonly<Record<string, Binding>>,
  ): Promise<Server> {
    const { database, servers, clock } = this.dependencies;
    const row = await this.find(scope, idOrName);
    const event = outboxEvent(database.tables, {
      kind: `server.${action}.succeeded`,
      projectId: row.project_id,
      resourceId: row.id,
      actor: scope.userId,
      data: {},
      atMs: clock.nowMs(),
    });
    try {
      await database.run(script(servers.change(row.id, action, scope, columns(row)), event));
    } catch (error) {
      if (error instanceof GuardFailed) throw await refusalNow(servers, row.id, action, scope);
      throw error;
    }
    return this.read(scope, row.id);
  }

  handle<Result>(id: string, resourceId: string, result: () => Promise<Result>): OperationHandle<Result> {
    return new OperationHandle(this.dependencies.engine, id, resourceId, result);
  }

  /** A server as the caller sees it. */
  async read(scope: Scope, serverId: string): Promise<Server> {
    const row = await this.dependencies.servers.get(serverId);
    const [server] = row === undefined ? [] : await this.shown(scope, [row]);
    if (server === undefined) throw notFound("server", serverId);
    return server;
  }

  async shown(scope: Scope, rows: readonly ServerRow[]): Promise<Server[]> {
    const addresses = await this.dependencies.servers.addresses(rows.map(({ id }) => id));
    return rows.map((row) => serverOf(row, addresses.get(row.id) ?? [], scope.everywhere));
  }
}
