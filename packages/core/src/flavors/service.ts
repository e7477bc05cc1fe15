import { notFound } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { commitLogged } from "../audit/commit.ts";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeclaredResourceNames } from "../hosts/declared-resources.ts";
import { CreateFlavor, ListFlavors } from "./model.ts";
import type { Flavor } from "./model.ts";
import type { FlavorStore } from "./store.ts";

/** The sizes that servers are sold in. */
export class Flavors {
  readonly #caller: Caller;
  readonly #dependencies: FlavorsDependencies;

  constructor(caller: Caller, dependencies: FlavorsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Makes a flavor.
   * @throws CloudHostError `CONFLICT` when the name is taken, `INVALID_ARGUMENT` also for a resource that is not declared
   * @example
   * await ops.flavors.create({ name: "c2.e4", vcpus: 2, milliEcuPerVcpu: 2000, memoryMib: mibFromGib(4), systemDiskGib: 20 });
   */
  async create(input: CreateFlavor): Promise<Flavor> {
    const asked = { schema: CreateFlavor, input, what: "a flavor" };
    return this.#caller.change("flavors.create", asked, async (scope, parsed) => {
      const { database, flavors, ids, clock, declared } = this.#dependencies;
      declared.check(parsed.resources, "a flavor");
      const flavor: Flavor = { ...parsed, id: ids.next("flv"), createdAtMs: clock.nowMs() };
      const line = scope.accepted({ resources: [flavor.id], projectId: null });
      if (await commitLogged(database, flavors.create(flavor), line)) return flavor;
      const details = { state: "taken", allowed: ["a name that no flavor has"] };
      throw new CloudHostError("CONFLICT", `There is a flavor ${parsed.name} already.`, details);
    });
  }

  /**
   * A flavor by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Flavor> {
    await this.#caller.may("flavors.get");
    return this.#named(parseNamed("flavor", idOrName));
  }

  /** Every flavor. */
  list(input: ListFlavors = {}): Listing<Flavor> {
    const asked = { permission: "flavors.list", schema: ListFlavors, what: "a list of flavors" } as const;
    return listing(this.#caller, asked, input, (_, where, part) => this.#dependencies.flavors.find(where, part));
  }

  /**
   * Sells it no more. Servers that were made of it keep their copy.
   * @throws CloudHostError `NOT_FOUND`
   */
  async delete(idOrName: string): Promise<void> {
    const find = async (): Promise<Flavor> => this.#named(parseNamed("flavor", idOrName));
    const asked = { schema: Nothing, input: {}, what: "options of delete", find };
    await this.#caller.change("flavors.delete", asked, async (scope, _, { id }) => {
      const { database, flavors } = this.#dependencies;
      const line = scope.accepted({ resources: [id], projectId: null });
      if (!(await commitLogged(database, flavors.delete(id), line))) throw notFound("flavor", idOrName);
    });
  }

  async #named(idOrName: string): Promise<Flavor> {
    const flavor = await this.#dependencies.flavors.named(idOrName);
    if (flavor === undefined) throw notFound("flavor", idOrName);
    return flavor;
  }
}

/** What {@link Flavors} needs. */
export interface FlavorsDependencies {
  readonly database: Database;
  readonly flavors: FlavorStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly declared: DeclaredResourceNames;
}
