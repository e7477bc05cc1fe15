import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { Page } from "../names.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { ImportKeypair } from "./model.ts";
import type { Keypair } from "./model.ts";
import type { KeypairStore } from "./store.ts";

/** Public keys that a project's servers may be given. */
export class Keypairs {
  readonly #caller: Caller;
  readonly #dependencies: KeypairsDependencies;

  constructor(caller: Caller, dependencies: KeypairsDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Imports a public key.
   * @throws CloudHostError `CONFLICT` when the name is taken
   */
  async import(input: ImportKeypair): Promise<Keypair> {
    const scope = await this.#caller.may("keypairs.import");
    const { name, publicKey } = parseInput(ImportKeypair, input, "a keypair");
    const { database, keypairs, ids, clock } = this.#dependencies;
    const projectId = projectOf(scope).id;
    const keypair = {
      id: ids.next("key"),
      projectId,
      name,
      publicKey,
      fingerprint: fingerprintOf(publicKey),
      createdAtMs: clock.nowMs(),
    };
    if (await database.run(keypairs.create(keypair))) return keypair;
    const details = { state: "taken", allowed: ["a name that no keypair of the project has"] };
    throw new CloudHostError("CONFLICT", `There is a keypair ${name} already.`, details);
  }

  /**
   * A keypair of the project, by its id or name.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(idOrName: string): Promise<Keypair> {
    const scope = await this.#caller.may("keypairs.get");
    return this.#named(projectOf(scope).id, parseNamed("keypair", idOrName));
  }

  /** The project's keypairs. */
  list(page: Partial<Page> = {}): Listing<Keypair> {
    return listing(async (at) => {
      const scope = await this.#caller.may("keypairs.list");
      const parsed = parseInput(Page, at, "a page");
      return { items: await this.#dependencies.keypairs.find(projectFilter(scope), parsed), limit: parsed.limit };
    }, page);
  }

  /**
   * Forgets a keypair. Servers that were given it keep it.
   * @throws CloudHostError `NOT_FOUND`
   */
  async delete(idOrName: string): Promise<void> {
    const scope = await this.#caller.may("keypairs.delete");
    const { database, keypairs } = this.#dependencies;
    const { id } = await this.#named(projectOf(scope).id, parseNamed("keypair", idOrName));
    if (!(await database.run(keypairs.delete(id)))) throw notFound("keypair", idOrName);
  }

  async #named(projectId: string, idOrName: string): Promise<Keypair> {
    const keypair = await this.#dependencies.keypairs.named(projectId, idOrName);
    if (keypair === undefined) throw notFound("keypair", idOrName);
    return keypair;
  }
}

/** What {@link Keypairs} needs. */
export interface KeypairsDependencies {
  readonly database: Database;
  readonly keypairs: KeypairStore;
  readonly ids: Ids;
  readonly clock: Clock;
}
