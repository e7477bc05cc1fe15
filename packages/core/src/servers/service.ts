import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { CloudHostError } from "../errors.ts";
import { isId } from "../ids.ts";
import type { OperationEngine } from "../operations/engine.ts";
import { OperationHandle } from "../operations/handle.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import { parseInput } from "../parse.ts";
import { findServer } from "./find-server.ts";
import type { GuestWatch } from "./guest-watch.ts";
import { AwaitReady, CreateServer, ListServers, ServerAction, StopServer } from "./model.ts";
import type { Server, ServerState } from "./model.ts";
import type { ServerPlanner } from "./planner.ts";
import { createServer } from "./operations/create-server.ts";
import { deleteServer } from "./operations/delete-server.ts";
import { rebootServer, startServer, stopServer } from "./operations/power.ts";
import { serverOf } from "./store.ts";
import type { ServerRow, ServerStore } from "./store.ts";

/** What {@link Servers} needs. */
export interface ServersDependencies {
  readonly servers: ServerStore;
  readonly planner: ServerPlanner;
  readonly engine: OperationEngine;
  readonly guests: GuestWatch;
}

/** Servers: guests on hosts, from their creation to their end. */
export class Servers {
  readonly #caller: Caller;
  readonly #dependencies: ServersDependencies;

  constructor(caller: Caller, dependencies: ServersDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Creates a server. The handle is there as soon as the server's row and its operation are durable; quota, placement
   * and the host's troubles come from `result()`. A server that could not be created stays in state `error`, claiming
   * nothing, until it is deleted.
   *
   * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`, `FORBIDDEN`, `IDEMPOTENCY_MISMATCH`, `CONFLICT` for an image
   * that is not active. From `result()`: `QUOTA_EXCEEDED`, `NO_VALID_HOST` with its explanation, `EXHAUSTED`,
   * `HOST_UNAVAILABLE`, `IMAGE_CORRUPT`, `DEADLINE_EXCEEDED`
   * @example
   * const create = await album.servers.create({ name: "web-1", flavor: "c2.e4", image: "debian-12", zone: "az-1" });
   * const server = await create.result();
   */
  async create(input: CreateServer): Promise<OperationHandle<Server>> {
    const scope = await this.#caller.may("servers.create");
    const request = parseInput(CreateServer, input, "a server");
    const { planner, engine } = this.#dependencies;
    const project = projectOf(scope);
    const asked = { definition: createServer, projectId: project.id, idempotencyKey: request.idempotencyKey, request };
    const earlier = await engine.earlier(asked);
    if (earlier !== undefined) return this.#created(scope, earlier);
    const { serverId, plan, row } = await planner.plan(request, project.id, scope.userId);
    const submitted = await engine.submit({
      ...asked,
      actor: scope.userId,
      resourceId: serverId,
      hostId: undefined,
      input: plan,
      statements: (operationId) => [this.#dependencies.servers.insert({ ...row, operation_id: operationId })],
      refused: async (guard) => new CloudHostError("INTERNAL", `The guard ${guard} refused a new server.`, {}),
    });
    return this.#created(scope, submitted);
  }

  /**
   * Servers of the project; operators and auditors that act in none see every project's.
   * @example
   * for await (const server of album.servers.list({ zone: "az-1", state: "active" })) console.log(server.name);
   */
  list(input: ListServers = {}): Listing<Server> {
    return listing(async (at) => {
      const scope = await this.#caller.may("servers.list");
      const { limit, after, ...where } = parseInput(ListServers, at, "a list of servers");
      const { servers } = this.#dependencies;
      const rows = await servers.find({ ...where, projectId: projectFilter(scope) }, { limit, after });
      return { items: await this.#shown(scope, rows), limit };
    }, input);
  }

  /**
   * One server, by its id, or by its name where only one server of the project has it.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a name that several have
   */
  async get(idOrName: string): Promise<Server> {
    const scope = await this.#caller.may("servers.get");
    return this.#read(scope, (await this.#find(scope, idOrName)).id);
  }

  /**
   * Starts a stopped server.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` with the states in which it can be started
   */
  async start(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<Server>> {
    const scope = await this.#caller.may("servers.start");
    const request = parseInput(ServerAction, input, "options of start");
    return this.#act(scope, idOrName, startServer, { ...request, graceMs: 0 }, ["stopped"]);
  }

  /**
   * Stops a running server: its OS is asked, and after the grace its power is cut. What it claims stays its own.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async stop(idOrName: string, input: StopServer = {}): Promise<OperationHandle<Server>> {
    const scope = await this.#caller.may("servers.stop");
    return this.#act(scope, idOrName, stopServer, parseInput(StopServer, input, "options of stop"), ["active"]);
  }

  /**
   * Restarts a running server's OS: it is asked, and after the grace its power is cut and given again. Once, however
   * often the step behind it is repeated.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT`
   */
  async reboot(idOrName: string, input: StopServer = {}): Promise<OperationHandle<Server>> {
    const scope = await this.#caller.may("servers.reboot");
    return this.#act(scope, idOrName, rebootServer, parseInput(StopServer, input, "options of reboot"), ["active"]);
  }

  /**
   * Deletes a server with its disks and addresses. Instance storage is not durable: snapshots are.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while another operation has it
   */
  async delete(idOrName: string, input: ServerAction = {}): Promise<OperationHandle<void>> {
    const scope = await this.#caller.may("servers.delete");
    const request = parseInput(ServerAction, input, "options of delete");
    const earlier = await this.#earlierDelete(scope, idOrName, request);
    if (earlier !== undefined) return this.#handle(earlier.id, earlier.resourceId, async () => {});
    const row = await this.#find(scope, idOrName);
    const plan = { projectId: row.project_id, hostId: row.host_id };
    const states: readonly ServerState[] = ["active", "stopped", "error", "deleting"];
    const { id, resourceId } = await this.#submit(scope, row, deleteServer, request, plan, states, "deleting");
    return this.#handle(id, resourceId, async () => {});
  }

  /**
   * Resolves with the server once its OS has booted.
   * @throws CloudHostError `NOT_FOUND`, `UNSUPPORTED` where its host cannot tell, `CONFLICT` when it does not run,
   * `DEADLINE_EXCEEDED`
   */
  async ready(idOrName: string, input: AwaitReady = {}): Promise<Server> {
    const scope = await this.#caller.may("servers.ready");
    const { timeoutMs } = parseInput(AwaitReady, input, "options of ready");
    const { id } = await this.#find(scope, idOrName);
    await this.#dependencies.guests.ready(id, timeoutMs);
    return this.#read(scope, id);
  }

  async #act(
    scope: Scope,
    idOrName: string,
    definition: OperationDefinition,
    request: { readonly graceMs: number; readonly idempotencyKey?: string | undefined },
    states: readonly ServerState[],
  ): Promise<OperationHandle<Server>> {
    const row = await this.#find(scope, idOrName);
    const plan = { hostId: row.host_id, graceMs: request.graceMs };
    const { id, resourceId } = await this.#submit(scope, row, definition, request, plan, states);
    return this.#handle(id, resourceId, () => this.#read(scope, resourceId));
  }

  async #submit(
    scope: Scope,
    row: ServerRow,
    definition: OperationDefinition,
    request: { readonly idempotencyKey?: string | undefined },
    plan: object,
    states: readonly ServerState[],
    next?: ServerState,
  ): Promise<{ id: string; resourceId: string }> {
    const { engine, servers } = this.#dependencies;
    return engine.submit({
      definition,
      projectId: row.project_id,
      actor: scope.userId,
      resourceId: row.id,
      hostId: row.host_id ?? undefined,
      idempotencyKey: request.idempotencyKey,
      request: { ...request, server: row.id },
      input: plan,
      statements: (operationId) => [servers.begin(row.id, operationId, states, next)],
      refused: async () => this.#refusal(row.id, states),
    });
  }

  async #refusal(serverId: string, allowed: readonly ServerState[]): Promise<CloudHostError> {
    const row = await this.#dependencies.servers.get(serverId);
    if (row === undefined) return notFound("server", serverId);
    const state = row.busy ? `${row.state}, and operation ${row.operation_id} has it` : row.state;
    return new CloudHostError(
      "CONFLICT",
      `The server ${row.name} is ${state}.`,
      { state: row.state, allowed },
      { retryable: Boolean(row.busy) },
    );
  }

  #created(scope: Scope, { id, resourceId }: { id: string; resourceId: string }): OperationHandle<Server> {
    return this.#handle(id, resourceId, () => this.#read(scope, resourceId));
  }

  /** The deletion that the same key gave before: by then the server itself may be gone. */
  async #earlierDelete({ project }: Scope, idOrName: string, request: ServerAction) {
    if (project === undefined || !isId("srv", parseNamed("server", idOrName))) return undefined;
    const { idempotencyKey } = request;
    const asked = { ...request, server: idOrName };
    return this.#dependencies.engine.earlier({
      definition: deleteServer,
      projectId: project.id,
      idempotencyKey,
      request: asked,
    });
  }

  #handle<Result>(id: string, resourceId: string, result: () => Promise<Result>): OperationHandle<Result> {
    return new OperationHandle(this.#dependencies.engine, id, resourceId, result);
  }

  #find(scope: Scope, idOrName: string): Promise<ServerRow> {
    return findServer(this.#dependencies.servers, scope, idOrName);
  }

  async #read(scope: Scope, serverId: string): Promise<Server> {
    const row = await this.#dependencies.servers.get(serverId);
    const [server] = row === undefined ? [] : await this.#shown(scope, [row]);
    if (server === undefined) throw notFound("server", serverId);
    return server;
  }

  async #shown(scope: Scope, rows: readonly ServerRow[]): Promise<Server[]> {
    const addresses = await this.#dependencies.servers.addresses(rows.map(({ id }) => id));
    return rows.map((row) => serverOf(row, addresses.get(row.id) ?? [], scope.everywhere));
  }
}
