import type { z } from "zod";
import { notFound } from "../access/caller.ts";
import type { Caller, ChangeScope, Scope } from "../access/caller.ts";
import type { ChangePermission } from "../access/permissions.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { FlavorStore } from "../flavors/store.ts";
import type { ClaimChanges } from "../hosts/claim-changes.ts";
import type { Claims } from "../hosts/claims.ts";
import type { FleetFeed } from "../hosts/fleet-feed.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Ids } from "../ids.ts";
import type { NetworkRow } from "../networks/store.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { NetworkStore } from "../networks/store.ts";
import type { Clock } from "../ports/clock.ts";
import { moreTagsThanMay, tooManyTags } from "../tags/tag-store.ts";
import type { AdoptionPlanner } from "./adoption-planner.ts";
import type { ServerActionName } from "./actions.ts";
import type { DataDiskStore } from "./data-disk-store.ts";
import type { ServerEvacuations } from "./evacuations.ts";
import { findServer } from "./find-server.ts";
import { refusalNow, refusalOf } from "./gate.ts";
import type { GuestWatch } from "./guest-watch.ts";
import type { Server } from "./model.ts";
import type { ServerPlanner } from "./planner.ts";
import type { ServerSizes } from "./sizes.ts";
import type { ServerRow } from "./server-row.ts";
import type { Assignment, ServerStore } from "./store.ts";
import { shownServers } from "./shown-servers.ts";
import { submitAction } from "./submit-action.ts";
import type { ActionCall } from "./submit-action.ts";

/** What the servers' facade needs. */
export interface ServersDependencies {
  readonly database: Database;
  readonly servers: ServerStore;
  readonly planner: ServerPlanner;
  readonly adoptions: AdoptionPlanner;
  readonly engine: OperationEngine;
  readonly guests: GuestWatch;
  readonly flavors: FlavorStore;
  readonly hosts: HostStore;
  readonly sizes: ServerSizes;
  /** Which fixed addresses are of. */
  readonly network: NetworkRow;
  readonly fleet: Pick<FleetFeed, "decide" | "decideAll">;
  readonly claims: Claims;
  readonly networks: NetworkStore;
  readonly dataDisks: DataDiskStore;
  readonly claimChanges: ClaimChanges;
  readonly evacuations: ServerEvacuations;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly options: ServerOptions;
}

/** What the cloud's options say of all servers. */
export interface ServerOptions {
  /** How long a deleted server can be restored, in milliseconds, where its deletion does not say. */
  readonly restoreMs: number;
  /** What a server is rescued with, where that is not said: an image's name or id. */
  readonly rescueImage?: string | undefined;
}

/** What a change writes to a server's own row, and what else commits with it. */
export interface RowChanges {
  readonly set: Assignment;
  readonly also?: readonly Statement[];
}

/** What a caller asks of a server. */
export interface AskedOfServer<Schema extends z.ZodType<object>> {
  readonly idOrName: string;
  readonly schema: Schema;
  /** What the caller gave, not parsed yet. */
  readonly input: unknown;
  /** What the input is called when it does not fit. */
  readonly what: string;
}

/** What every method of the servers' facade does alike, for one caller. */
export class ServerCalls {
  readonly dependencies: ServersDependencies;
  readonly caller: Caller;

  constructor(caller: Caller, dependencies: ServersDependencies) {
    this.caller = caller;
    this.dependencies = dependencies;
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
  async act<Schema extends z.ZodType<ActionCall["request"]>>(
    permission: ChangePermission,
    asked: AskedOfServer<Schema>,
    call: (request: z.output<Schema>) => Omit<ActionCall, "request">,
  ): Promise<OperationHandle<Server>> {
    return this.caller.change(permission, this.#finding(asked), async (scope, request, row) => {
      const { id, resourceId } = await this.submit(scope, row, { ...call(request), request });
      return this.handle(id, resourceId, () => this.read(scope, resourceId));
    });
  }

  /** Changes a server in a way of its own. */
  change<Schema extends z.ZodType<object>, Out>(
    permission: ChangePermission,
    asked: AskedOfServer<Schema>,
    work: (scope: ChangeScope, request: z.output<Schema>, row: ServerRow) => Promise<Out>,
  ): Promise<Out> {
    return this.caller.change(permission, this.#finding(asked), work);
  }

  /** Begins an action on a server that is known already. */
  submit(scope: ChangeScope, row: ServerRow, call: ActionCall): Promise<{ id: string; resourceId: string }> {
    return submitAction(this.dependencies, scope, row, call);
  }

  /** Does an action that only writes to the server's own row, and tells of it as an event. */
  async write<Schema extends z.ZodType<object>>(
    permission: ChangePermission,
    asked: AskedOfServer<Schema>,
    action: ServerActionName,
    changes: (known: {
      readonly row: ServerRow;
      readonly request: z.output<Schema>;
      readonly scope: Scope;
    }) => RowChanges,
  ): Promise<Server> {
    return this.caller.change(permission, this.#finding(asked), (scope, request, row) =>
      this.#write(scope, row, action, changes({ row, request, scope })),
    );
  }

  async #write(
    scope: ChangeScope,
    row: ServerRow,
    action: ServerActionName,
    { set, also = [] }: RowChanges,
  ): Promise<Server> {
    const { database, servers, clock } = this.dependencies;
    const event = outboxEvent(database.tables, {
      kind: `server.${action}.succeeded`,
      projectId: row.project_id,
      resourceId: row.id,
      actor: scope.userId,
      data: {},
      atMs: clock.nowMs(),
    });
    try {
      const line = scope.accepted({ resources: [row.id], projectId: row.project_id });
      await database.run(script(servers.change(row.id, action, scope, set), ...also, event, line));
    } catch (error) {
      if (!(error instanceof GuardFailed)) throw error;
      throw error.guard === tooManyTags ? moreTagsThanMay("server") : await refusalNow(servers, row.id, action, scope);
    }
    return this.read(scope, row.id);
  }

  #finding<Schema extends z.ZodType<object>>({ idOrName, ...asked }: AskedOfServer<Schema>) {
    return { ...asked, find: (scope: Scope) => this.find(scope, idOrName) };
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

  shown(scope: Scope, rows: readonly ServerRow[]): Promise<Server[]> {
    return shownServers(this.dependencies, rows, scope.everywhere);
  }
}
