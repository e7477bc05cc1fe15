import type { z } from "zod";
import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { CloudHostError } from "../errors.ts";
import { isId } from "../ids.ts";
import type { OperationHandle } from "../operations/handle.ts";
import { parseInput } from "../parse.ts";
import { createServers } from "./create-servers.ts";
import {
  AdoptServer,
  AwaitReady,
  CreateServer,
  CreateServers,
  DeleteServer,
  ListServers,
  UpdateServer,
} from "./model.ts";
import type { Server } from "./model.ts";
import { adoptServer } from "./operations/adopt-server.ts";
import { createServer } from "./operations/create-server.ts";
import { deletionOf } from "./deletion.ts";
import { deleteServer } from "./operations/delete-server.ts";
import { softDeleteServer } from "./operations/soft-delete.ts";
import { ServerCalls } from "./server-calls.ts";
import type { ServersDependencies } from "./server-calls.ts";
import { ServerPlaces } from "./server-places.ts";

/** Servers: guests on hosts, from their creation to their end. */
export class Servers extends ServerPlaces {
  readonly #calls: ServerCalls;

  constructor(caller: Caller, dependencies: ServersDependencies) {
    const calls = new ServerCalls(caller, dependencies);
    super(calls);
    this.#calls = calls;
  }

  /**
   * Creates several servers that are alike, at most 100: each has an operation of its own, and all are accepted or none.
   *
   * Those for which there is no place or quota are refused each by itself, from its `result()`. With `allOrNothing` they
   * are placed and claimed together, before this resolves: when one finds no place, or the quota does not allow all,
   * nothing is created. It speaks of room only: a host's trouble of later fails one server, and the others stay.
   *
   * @throws CloudHostError as for one server; with `allOrNothing` also `QUOTA_EXCEEDED`, `EXHAUSTED`, and `NO_VALID_HOST`
   * with the names of those that found no place in `details.unplaced`
   * @example
   * const creates = await album.servers.create({ name: "web", flavor: "c2.e4", image: "debian-12", count: 3 });
   * const servers = await Promise.all(creates.map((create) => create.result())); // web-1, web-2, web-3
   */
  async create(input: CreateServers): Promise<readonly OperationHandle<Server>[]>;
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
   * @example
   * const soon = await album.servers.create({ name: "web-2", flavor: "c2.e4", image: "debian-12", timeoutMs: 60_000 });
   */
  async create(input: CreateServer): Promise<OperationHandle<Server>>;
  async create(
    input: CreateServer | CreateServers,
  ): Promise<OperationHandle<Server> | readonly OperationHandle<Server>[]> {
    if (typeof input === "object" && input !== null && "count" in input) return this.#createMany(input);
    const asked = { schema: CreateServer, input, what: "a server" };
    return this.#calls.caller.change("servers.create", asked, async (scope, request) => {
      const { planner, engine, servers } = this.#calls.dependencies;
      const project = projectOf(scope);
      const { idempotencyKey } = request;
      const wanted = { definition: createServer, projectId: project.id, idempotencyKey, request };
      const earlier = await engine.earlier(wanted);
      if (earlier !== undefined) return this.#created(scope, earlier);
      const { serverId, plan, row, guards, seedFor } = await planner.plan(request, project.id, scope.userId);
      const submitted = await engine.submit({
        ...wanted,
        actor: scope,
        resourceId: serverId,
        hostId: undefined,
        timeoutMs: request.timeoutMs,
        input: plan,
        statements: (operationId) => [
          ...guards,
          servers.insert({ ...row, operation_id: operationId }),
          ...servers.tags.put(row, request.tags ?? {}),
          ...seedFor(serverId, request.name),
        ],
        refused: async () => notFound("server group", request.group ?? ""),
      });
      return this.#created(scope, submitted);
    });
  }

  async #createMany(input: CreateServers): Promise<readonly OperationHandle<Server>[]> {
    const asked = { schema: CreateServers, input, what: "servers" };
    return this.#calls.caller.change("servers.create", asked, async (scope, request) => {
      const creates = await createServers(this.#calls.dependencies, scope, request);
      return creates.map((create) => this.#created(scope, create));
    });
  }

  /**
   * Makes a server of a guest that came onto a host by other ways than ours: see `hosts.unknownGuests`. It goes on as it
   * is, running or not: its disk stays where it is, its vCPUs and memory what they are, and `imageId` is `null`. What its
   * flavor says is claimed of the host and of the project's quotas, as for any server, and is what it is held to. When
   * something fails, it is given back as it was, and the server stays in `error`, claiming nothing, until it is deleted.
   *
   * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`, `CONFLICT` for a suspended project, `IDEMPOTENCY_MISMATCH`.
   * From `result()`: `NOT_FOUND` for the guest, `UNSUPPORTED` where there are obstacles, `INVALID_ARGUMENT` for a flavor
   * that is smaller than the guest, `NO_VALID_HOST` where the host has no room for it, `QUOTA_EXCEEDED`, `CONFLICT` for
   * one that is to join the network while it runs
   * @example
   * const guest = "5f1f7a52-08c1-4d4e-9c3e-2f3b6c1d7a10";
   * await (await ops.servers.adopt({ host: "host-1", guest, project: "album", name: "old-1", flavor: "c2.e4" })).result();
   */
  async adopt(input: AdoptServer): Promise<OperationHandle<Server>> {
    const asked = { schema: AdoptServer, input, what: "a guest to adopt" };
    return this.#calls.caller.change("servers.adopt", asked, async (scope, request) => {
      const { adoptions, engine, servers } = this.#calls.dependencies;
      const project = await adoptions.project(scope, request.project);
      const { idempotencyKey } = request;
      const wanted = { definition: adoptServer, projectId: project.id, idempotencyKey, request };
      const earlier = await engine.earlier(wanted);
      if (earlier !== undefined) return this.#created(scope, earlier);
      const { serverId, hostId, plan, row } = await adoptions.plan(request, project.id, scope.userId);
      const submitted = await engine.submit({
        ...wanted,
        actor: scope,
        resourceId: serverId,
        hostId,
        timeoutMs: request.timeoutMs,
        input: plan,
        statements: (operationId) => [servers.insert({ ...row, operation_id: operationId })],
        refused: async () => notFound("host", request.host),
      });
      return this.#created(scope, submitted);
    });
  }

  /**
   * Servers of the project; operators and auditors that act in none see every project's.
   * @throws CloudHostError `INVALID_ARGUMENT`; `FORBIDDEN`, `NOT_FOUND` for a `host`
   * @example
   * for await (const server of album.servers.list({ zone: "az-1", state: "active" })) console.log(server.name);
   * @example
   * const { items, next } = await album.servers.list({ sort: "createdAt", order: "desc", limit: 20 }).page();
   */
  list(input: ListServers = {}): Listing<Server> {
    const asked = { permission: "servers.list", schema: ListServers, what: "a list of servers" } as const;
    return listing(this.#calls.caller, asked, input, async (scope, { host, ...where }, part) => {
      const { servers } = this.#calls.dependencies;
      const hostId = host === undefined ? undefined : await this.#hostId(scope, host);
      const { items, next } = await servers.find({ ...where, hostId, projectId: projectFilter(scope) }, part);
      return { items: await this.#calls.shown(scope, items), next };
    });
  }

  /**
   * One server, by its id, or by its name where only one server of the project has it.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a name that several have
   */
  async get(idOrName: string): Promise<Server> {
    const scope = await this.#calls.caller.may("servers.get");
    return this.#calls.read(scope, (await this.#calls.find(scope, idOrName)).id);
  }

  /**
   * Gives it another name, or other tags. What is not named stays. The guest's own host name is its own matter.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is being deleted or is locked, `INVALID_ARGUMENT` also
   * for more than 64 tags together with those that it has
   * @example
   * await album.servers.update("web-1", { tags: { role: "web", draft: null } }); // sets one tag, takes one away
   */
  async update(idOrName: string, input: UpdateServer): Promise<Server> {
    const { tags } = this.#calls.dependencies.servers;
    const asked = { idOrName, schema: UpdateServer, input, what: "changes of a server" };
    return this.#calls.write("servers.update", asked, "update", ({ row, request }) => ({
      set: { sql: "name = COALESCE(?, name)", bindings: [request.name ?? null] },
      also: [...tags.change(row, request.tags ?? {}), tags.renamed(row.id)],
    }));
  }

  /**
   * Deletes a server with its disks and addresses. Instance storage is not durable: snapshots are.
   *
   * With a time to restore it, it is stopped first, and keeps until then all that it claims: quota, addresses, disks.
   * Deleted again, it is gone at once; so is one in `error` or `resized`, which nothing would bring back whole.
   *
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while another operation has it, or a lock keeps it
   */
  async delete(idOrName: string, input: DeleteServer = {}): Promise<OperationHandle<void>> {
    // Who deleted it before with the same key need not find it any more.
    const find = async (scope: Scope): Promise<{ readonly id: string }> =>
      isId("srv", parseNamed("server", idOrName)) ? { id: idOrName } : this.#calls.find(scope, idOrName);
    const asked = { schema: DeleteServer, input, what: "options of delete", find };
    return this.#calls.caller.change("servers.delete", asked, async (scope, request, found) => {
      const earlier = await this.#earlierDelete(scope, found.id, request);
      if (earlier !== undefined) return this.#calls.handle(earlier.id, earlier.resourceId, async () => {});
      const row = await this.#calls.find(scope, found.id);
      const restoreMs = request.restoreMs ?? this.#calls.dependencies.options.restoreMs;
      const { id, resourceId } = await this.#calls.submit(scope, row, deletionOf(row, request, restoreMs));
      return this.#calls.handle(id, resourceId, async () => {});
    });
  }

  /**
   * Resolves with the server once its OS has booted.
   * @throws CloudHostError `NOT_FOUND`, `UNSUPPORTED` where its host cannot tell, `CONFLICT` when it does not run,
   * `DEADLINE_EXCEEDED`
   */
  async ready(idOrName: string, input: AwaitReady = {}): Promise<Server> {
    const scope = await this.#calls.caller.may("servers.ready");
    const { timeoutMs } = parseInput(AwaitReady, input, "options of ready");
    const { id } = await this.#calls.find(scope, idOrName);
    await this.#calls.dependencies.guests.ready(id, timeoutMs);
    return this.#calls.read(scope, id);
  }

  #created(scope: Scope, { id, resourceId }: { id: string; resourceId: string }): OperationHandle<Server> {
    return this.#calls.handle(id, resourceId, () => this.#calls.read(scope, resourceId));
  }

  /** On which host a server is, only operators are told. */
  async #hostId({ everywhere, roles }: Scope, idOrName: string): Promise<string> {
    if (!everywhere) {
      const details = { permission: "servers.list of a host", roles };
      throw new CloudHostError("FORBIDDEN", "Only operators list the servers of a host.", details);
    }
    const row = await this.#calls.dependencies.hosts.named(idOrName);
    if (row === undefined) throw notFound("host", idOrName);
    return row.id;
  }

  /** The deletion that the same key gave before: by then the server itself may be gone. */
  async #earlierDelete({ project }: Scope, serverId: string, request: z.output<typeof DeleteServer>) {
    if (project === undefined) return undefined;
    const { idempotencyKey } = request;
    const asked = { projectId: project.id, idempotencyKey, request: { ...request, server: serverId } };
    const { engine } = this.#calls.dependencies;
    const softly = await engine.earlier({ ...asked, definition: softDeleteServer });
    return softly ?? engine.earlier({ ...asked, definition: deleteServer });
  }
}
