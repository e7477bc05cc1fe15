import { z } from "zod";
import { notFound } from "../access/caller.ts";
import type { Caller, ChangeScope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { commitLogged } from "../audit/commit.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { FleetFeed } from "../hosts/fleet-feed.ts";
import type { HostStore } from "../hosts/store.ts";
import type { Ids } from "../ids.ts";
import { NameOrId } from "../names.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { CreateAggregate, HostProperties, ListAggregates } from "./model.ts";
import type { Aggregate } from "./model.ts";
import type { AggregateStore } from "./store.ts";

/** What {@link Aggregates} needs. */
export interface AggregatesDependencies {
  readonly database: Database;
  readonly aggregates: AggregateStore;
  readonly hosts: HostStore;
  readonly feed: FleetFeed;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * Hosts that have something in common, for those who run them. A flavor that requires a property goes to hosts of an
 * aggregate that has it. Servers stay where they are when that changes.
 */
export class Aggregates {
  readonly #caller: Caller;
  readonly #dependencies: AggregatesDependencies;

  constructor(caller: Caller, dependencies: AggregatesDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Makes an aggregate of no hosts yet.
   * @throws CloudHostError `CONFLICT` when the name is taken
   * @example
   * await ops.aggregates.create({ name: "fast-disks", properties: { ssd: "true" } });
   * await ops.aggregates.addHost("fast-disks", "host-1");
   * await ops.flavors.create({ ...size, name: "s2.e4", requires: { ssd: "true" } });
   */
  async create(input: CreateAggregate): Promise<Aggregate> {
    const asked = { schema: CreateAggregate, input, what: "an aggregate" };
    return this.#caller.change("aggregates.create", asked, async (scope, parsed) => {
      const { database, aggregates, ids, clock } = this.#dependencies;
      const aggregate = { ...parsed, id: ids.next("agg"), createdAtMs: clock.nowMs() };
      const line = scope.accepted({ resources: [aggregate.id], projectId: null });
      if (await commitLogged(database, aggregates.create(aggregate), line)) return { ...aggregate, hosts: [] };
      const details = { state: "taken", allowed: ["a name that no aggregate has"] };
      throw new CloudHostError("CONFLICT", `There is an aggregate ${parsed.name} already.`, details);
    });
  }

  /**
   * An aggregate by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Aggregate> {
    await this.#caller.may("aggregates.get");
    return this.#named(idOrName);
  }

  /** Every aggregate. */
  list(input: ListAggregates = {}): Listing<Aggregate> {
    const asked = { permission: "aggregates.list", schema: ListAggregates, what: "a list of aggregates" } as const;
    return listing(this.#caller, asked, input, async (_, { host, ...where }, part) => {
      const hostId = host === undefined ? undefined : await this.#hostId(host);
      return this.#dependencies.aggregates.find({ ...where, hostId }, part);
    });
  }

  /**
   * Gives it these properties in the place of all that it has.
   * @throws CloudHostError `NOT_FOUND`
   */
  async setProperties(idOrName: string, properties: HostProperties): Promise<Aggregate> {
    const schema = z.strictObject({ properties: HostProperties });
    const find = (): Promise<Aggregate> => this.#named(idOrName);
    const asked = { schema, input: { properties }, what: "an aggregate's properties", find };
    return this.#caller.change("aggregates.setProperties", asked, (scope, parsed, { id }) =>
      this.#change(scope, [id], this.#dependencies.aggregates.setProperties(id, parsed.properties)),
    );
  }

  /**
   * Puts a host into it. One that is in it already stays so.
   * @throws CloudHostError `NOT_FOUND`
   */
  async addHost(idOrName: string, host: string): Promise<Aggregate> {
    return this.#caller.change("aggregates.addHost", this.#asked(idOrName, host), (scope, _, { id, hostId }) =>
      this.#change(scope, [id, hostId], this.#dependencies.aggregates.addHost(id, hostId)),
    );
  }

  /**
   * Takes a host out of it. One that is not in it is left alone.
   * @throws CloudHostError `NOT_FOUND`
   */
  async removeHost(idOrName: string, host: string): Promise<Aggregate> {
    return this.#caller.change("aggregates.removeHost", this.#asked(idOrName, host), (scope, _, { id, hostId }) =>
      this.#change(scope, [id, hostId], this.#dependencies.aggregates.removeHost(id, hostId)),
    );
  }

  /**
   * Deletes it. Its hosts and their servers stay; what required its properties is placed no more.
   * @throws CloudHostError `NOT_FOUND`
   */
  async delete(idOrName: string): Promise<void> {
    const find = (): Promise<Aggregate> => this.#named(idOrName);
    const asked = { schema: Nothing, input: {}, what: "options of delete", find };
    await this.#caller.change("aggregates.delete", asked, async (scope, _, { id }) => {
      const { database, aggregates, feed } = this.#dependencies;
      const line = scope.accepted({ resources: [id], projectId: null });
      await database.run(script(...aggregates.delete(id).statements, line));
      feed.stale();
    });
  }

  /** @param resources the aggregate's id, and the host's where one is meant */
  async #change(scope: ChangeScope, resources: readonly [string, ...string[]], change: Script): Promise<Aggregate> {
    const { database, feed } = this.#dependencies;
    const [aggregateId] = resources;
    try {
      await database.run(script(...change.statements, scope.accepted({ resources, projectId: null })));
    } catch (error) {
      throw error instanceof GuardFailed ? notFound("aggregate", aggregateId) : error;
    }
    feed.stale();
    return this.#named(aggregateId);
  }

  #asked(idOrName: string, host: string) {
    const schema = z.strictObject({ host: NameOrId });
    return { schema, input: { host }, what: "a host of an aggregate", find: () => this.#both(idOrName, host) };
  }

  async #both(idOrName: string, host: string): Promise<{ readonly id: string; readonly hostId: string }> {
    const hostName = parseNamed("host", host);
    const { id } = await this.#named(idOrName);
    return { id, hostId: await this.#hostId(hostName) };
  }

  async #hostId(idOrName: string): Promise<string> {
    const row = await this.#dependencies.hosts.named(idOrName);
    if (row === undefined) throw notFound("host", idOrName);
    return row.id;
  }

  async #named(idOrName: string): Promise<Aggregate> {
    const aggregate = await this.#dependencies.aggregates.named(parseNamed("aggregate", idOrName));
    if (aggregate === undefined) throw notFound("aggregate", idOrName);
    return aggregate;
  }
}
