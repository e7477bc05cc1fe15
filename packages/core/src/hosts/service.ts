import { notFound } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { sliceOf } from "../lists/slice.ts";
import { Nothing } from "../parse.ts";
import { HostFencings } from "./host-fencing.ts";
import type { HostFencingDependencies } from "./host-fencing.ts";
import { ListHosts, ListUnknownGuests } from "./model.ts";
import type { Host, UnknownGuest, UsageDrift } from "./model.ts";
import { hostOf } from "./store.ts";
import type { UnknownGuestStore } from "./unknown-guest-store.ts";
import type { UsageAuditor } from "./usage-audit.ts";
import type { HostRow } from "./store.ts";

/** What {@link Hosts} needs. */
export interface HostsDependencies extends HostFencingDependencies {
  readonly database: Database;
  readonly auditor: UsageAuditor;
  readonly unknownGuests: Pick<UnknownGuestStore, "find">;
}

/** The hosts, for those who run them. */
export class Hosts extends HostFencings {
  readonly #caller: Caller;
  readonly #dependencies: HostsDependencies;

  constructor(caller: Caller, dependencies: HostsDependencies) {
    super(caller, dependencies);
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /** Every host, with what it has, what is claimed, and what is left. */
  list(input: ListHosts = {}): Listing<Host> {
    const asked = { permission: "hosts.list", schema: ListHosts, what: "a list of hosts" } as const;
    return listing(this.#caller, asked, input, async (_, where, part) => {
      const { hosts } = this.#dependencies;
      const slice = await hosts.find(where, part);
      const declared = await hosts.declared(slice.items.map(({ id }) => id));
      return sliceOf(slice, (row) => hostOf(row, declared.get(row.id)));
    });
  }

  /**
   * A host by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Host> {
    await this.#caller.may("hosts.get");
    return this.#read(parseNamed("host", idOrName));
  }

  /**
   * Lets it take new servers again.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is fenced, or has not returned from it
   */
  async enable(idOrName: string): Promise<Host> {
    return this.#setEnabled("hosts.enable", idOrName, true);
  }

  /**
   * It takes no new server; those it has go on.
   * @throws CloudHostError `NOT_FOUND`
   */
  async disable(idOrName: string): Promise<Host> {
    return this.#setEnabled("hosts.disable", idOrName, false);
  }

  /**
   * Deletes a host that is disabled or down and holds no server. Whoever runs it lets it go; one that is named in the
   * options still is registered anew at the next start.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while it is up and enabled, or holds a server
   */
  async delete(idOrName: string): Promise<void> {
    const find = async (): Promise<HostRow> => this.#row(parseNamed("host", idOrName));
    const asked = { schema: Nothing, input: {}, what: "options of delete", find };
    await this.#caller.change("hosts.delete", asked, async (scope, _, { id, name }) => {
      const { database, hosts, feed, runtime } = this.#dependencies;
      const line = scope.accepted({ resources: [id], projectId: null });
      try {
        await database.run(script(...hosts.delete(id).statements, line));
      } catch (error) {
        if (!(error instanceof GuardFailed)) throw error;
        const row = await hosts.get(id);
        if (row === undefined) throw notFound("host", idOrName);
        const state = row.state === "down" || !row.enabled ? "not empty" : "up and enabled";
        const details = { state, allowed: ["disabled and empty", "down and empty"] };
        throw new CloudHostError("CONFLICT", `The host ${name} is ${state}.`, details);
      }
      feed.stale();
      await runtime.letGo(id);
    });
  }

  /**
   * Guests that no server is known for, as their hosts last told: at most about a minute ago. Each new one is an event
   * `host.guest.unknown`. None is touched, unless an operator adopts it: `servers.adopt`.
   * @throws CloudHostError `NOT_FOUND` for the host
   * @example
   * for await (const { id, obstacles } of ops.hosts.unknownGuests({ host: "host-1" })) console.log(id, obstacles);
   */
  unknownGuests(input: ListUnknownGuests = {}): Listing<UnknownGuest> {
    const asked = { permission: "hosts.unknownGuests", schema: ListUnknownGuests, what: "a list of guests" } as const;
    return listing(this.#caller, asked, input, async (_, { host }, part) => {
      const hostId = host === undefined ? undefined : (await this.#row(host)).id;
      return this.#dependencies.unknownGuests.find({ hostId }, part);
    });
  }

  /**
   * Recomputes every host's and every project's use from the claims that there are, and tells what of it is counted
   * wrong. That is nothing, unless there is a fault of ours or somebody changed the database. Nothing is changed.
   */
  async auditUsage(): Promise<readonly UsageDrift[]> {
    await this.#caller.may("hosts.auditUsage");
    return this.#dependencies.auditor.audit();
  }

  /**
   * Sets every counter that is wrong to what the claims add up to, and gives what was wrong. Servers are created and
   * deleted meanwhile as ever.
   */
  async repairUsage(): Promise<readonly UsageDrift[]> {
    const asked = { schema: Nothing, input: {}, what: "options of a repair" };
    return this.#caller.change("hosts.repairUsage", asked, (scope) =>
      this.#dependencies.auditor.repair((found) =>
        scope.accepted({ resources: [...new Set(found.map(({ id }) => id))], projectId: null }),
      ),
    );
  }

  async #setEnabled(permission: "hosts.enable" | "hosts.disable", idOrName: string, enabled: boolean): Promise<Host> {
    const find = async (): Promise<HostRow> => this.#row(parseNamed("host", idOrName));
    const asked = { schema: Nothing, input: {}, what: "options", find };
    return this.#caller.change(permission, asked, async (scope, _, { id }) => {
      const { database, hosts, feed } = this.#dependencies;
      const line = scope.accepted({ resources: [id], projectId: null });
      try {
        await database.run(script(...hosts.setEnabled(id, enabled).statements, line));
      } catch (error) {
        if (error instanceof GuardFailed) throw fencedStill(await this.#row(id));
        throw error;
      }
      feed.stale();
      return this.#read(id);
    });
  }

  async #read(idOrName: string): Promise<Host> {
    const row = await this.#row(idOrName);
    return hostOf(row, (await this.#dependencies.hosts.declared([row.id])).get(row.id));
  }

  async #row(idOrName: string): Promise<HostRow> {
    const row = await this.#dependencies.hosts.named(idOrName);
    if (row === undefined) throw notFound("host", idOrName);
    return row;
  }
}

const fencedStill = ({ fence, name }: HostRow): CloudHostError => {
  const details = { state: fence ?? "not fenced", allowed: ["not fenced"] };
  return new CloudHostError("CONFLICT", `The host ${name} is ${fence}: let it return before it is enabled.`, details);
};
