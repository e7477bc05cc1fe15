import { notFound } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { isId } from "../ids.ts";
import { parseInput } from "../parse.ts";
import type { FleetFeed } from "./fleet-feed.ts";
import { ListHosts } from "./model.ts";
import type { Host } from "./model.ts";
import { hostOf } from "./store.ts";
import type { HostRow, HostStore } from "./store.ts";

/** What {@link Hosts} needs. */
export interface HostsDependencies {
  readonly database: Database;
  readonly hosts: HostStore;
  readonly feed: FleetFeed;
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
    const { hosts } = this.#dependencies;
    const row = await (isId("hst", idOrName) ? hosts.get(idOrName) : hosts.byName(idOrName));
    if (row === undefined) throw notFound("host", idOrName);
    return row;
  }
}
