import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { commitLogged } from "../audit/commit.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { CreateServerGroup, ListServerGroups } from "./model.ts";
import type { ServerGroup } from "./model.ts";
import type { ServerGroupStore } from "./store.ts";

/** What {@link ServerGroups} needs. */
export interface ServerGroupsDependencies {
  readonly database: Database;
  readonly groups: ServerGroupStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** Groups of servers that are placed with each other in mind. */
export class ServerGroups {
  readonly #caller: Caller;
  readonly #dependencies: ServerGroupsDependencies;

  constructor(caller: Caller, dependencies: ServerGroupsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Makes a group. Servers are put into it when they are created, and its policy never changes.
   * @throws CloudHostError `CONFLICT` when the project has one of that name
   * @example
   * await album.serverGroups.create({ name: "db", policy: "anti-affinity" });
   * await album.servers.create({ name: "db-1", flavor: "c2.e4", image: "debian-12", group: "db" });
   */
  async create(input: CreateServerGroup): Promise<ServerGroup> {
    const asked = { schema: CreateServerGroup, input, what: "a server group" };
    return this.#caller.change("serverGroups.create", asked, async (scope, parsed) => {
      const { database, groups, ids, clock } = this.#dependencies;
      const group = { ...parsed, id: ids.next("grp"), projectId: projectOf(scope).id, createdAtMs: clock.nowMs() };
      const line = scope.accepted({ resources: [group.id] });
      if (await commitLogged(database, groups.create(group), line)) return { ...group, serverIds: [] };
      const details = { state: "taken", allowed: ["a name that no group of the project has"] };
      throw new CloudHostError("CONFLICT", `The project has a server group ${parsed.name} already.`, details);
    });
  }

  /**
   * A group by its id or name, with its servers.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<ServerGroup> {
    return this.#named(await this.#caller.may("serverGroups.get"), idOrName);
  }

  /** The project's groups with their servers; every project's for those who act in none. */
  list(input: ListServerGroups = {}): Listing<ServerGroup> {
    const schema = ListServerGroups;
    const asked = { permission: "serverGroups.list", schema, what: "a list of server groups" } as const;
    return listing(this.#caller, asked, input, (scope, where, part) =>
      this.#dependencies.groups.find({ ...where, projectId: projectFilter(scope) }, part),
    );
  }

  /**
   * Deletes a group that no server is in; one in state `error` counts until it is deleted.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while a server is in it
   */
  async delete(idOrName: string): Promise<void> {
    const find = (scope: Scope): Promise<ServerGroup> => this.#named(scope, idOrName);
    const asked = { schema: Nothing, input: {}, what: "options of delete", find };
    await this.#caller.change("serverGroups.delete", asked, async (scope, _, group) => {
      const { database, groups } = this.#dependencies;
      const line = scope.accepted({ resources: [group.id], projectId: group.projectId });
      try {
        await database.run(script(...groups.delete(group.id).statements, line));
      } catch (error) {
        if (!(error instanceof GuardFailed)) throw error;
        const now = await groups.named(group.projectId, group.id);
        if (now === undefined) throw notFound("server group", idOrName);
        const details = { state: `${now.serverIds.length} servers`, allowed: ["no servers"] };
        throw new CloudHostError("CONFLICT", `Servers are in the group ${group.name}.`, details);
      }
    });
  }

  async #named(scope: Scope, idOrName: string): Promise<ServerGroup> {
    const name = parseNamed("group", idOrName);
    const group = await this.#dependencies.groups.named(projectFilter(scope), name);
    if (group === undefined) throw notFound("server group", idOrName);
    return group;
  }
}
