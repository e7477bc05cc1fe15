import { notFound } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";
import type { FleetFeed } from "./fleet-feed.ts";
import type { HostRuntime } from "./host-runtime.ts";
import { ListHosts } from "./model.ts";
import type { Host } from "./model.ts";
import { hostOf } from "./store.ts";
import type { HostRow, HostStore } from "./store.ts";

/** What {@link Hosts} needs. */
export interface HostsDependencies {
  readonly database: Database;
  readonly hosts: HostStore;
  readonly feed: FleetFeed;
  readonly runtime: HostRuntime;
}

/** The hosts, for those who run them. */
export class Hosts {
  readonly #caller: Caller;
  readonly #dependencies: HostsDependencies;

  constructor(caller: Caller, dependencies: HostsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /** Every host, with what it has, what is claimed, and what is left. */
  list(input: ListHosts = {}): Listing<Host> {
    return listing(async (at) => {
      await this.#caller.may("hosts.list");
      const { limit, after, ...where } = parseInput(ListHosts, at, "a list of hosts");
      const { hosts } = this.#dependencies;
      const rows = await hosts.find(where, { limit, after });
      const declared = await hosts.declared(rows.map(({ id }) => id));
      return { items: rows.map((row) => hostOf(row, declared.get(row.id))), limit };
    }, input);
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
   * @throws CloudHostError `NOT_FOUND`
   */
  async enable(idOrName: string): Promise<Host> {
    await this.#caller.may("hosts.enable");
    return this.#setEnabled(parseNamed("host", idOrName), true);
  }

  /**
   * It takes no new server; those it has go on.
   * @throws CloudHostError `NOT_FOUND`
   */
  async disable(idOrName: string): Promise<Host> {
    await this.#caller.may("hosts.disable");
    return this.#setEnabled(parseNamed("host", idOrName), false);
  }

  /**
   * Deletes a host that is disabled or down and holds no server. Whoever runs it lets it go; one that is named in the
   * options still is registered anew at the next start.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` while it is up and enabled, or holds a server
   */
  async delete(idOrName: string): Promise<void> {
    await this.#caller.may("hosts.delete");
    const { database, hosts, feed, runtime } = this.#dependencies;
    const { id, name } = await this.#row(parseNamed("host", idOrName));
    try {
      await database.run(hosts.delete(id));
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
  }

  async #setEnabled(idOrName: string, enabled: boolean): Promise<Host> {
    const { database, hosts, feed } = this.#dependencies;
    await database.run(hosts.setEnabled((await this.#row(idOrName)).id, enabled));
    feed.stale();
    return this.#read(idOrName);
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
