import { notFound, projectFilter, projectOf } from "../access/caller.ts";
import type { Caller, ChangeScope, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { commitLogged } from "../audit/commit.ts";
import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { generateKeypair } from "./generate.ts";
import { GenerateKeypair, ImportKeypair, ListKeypairs } from "./model.ts";
import type { GeneratedKeypair, Keypair } from "./model.ts";
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
    const asked = { schema: ImportKeypair, input, what: "a keypair" };
    return this.#caller.change("keypairs.import", asked, async (scope, { name, publicKey }) =>
      this.#keep(scope, name, publicKey),
    );
  }

  /**
   * Generates a keypair. Its private half is in the answer, this once: it is not kept, and cannot be asked for again.
   * @throws CloudHostError `CONFLICT` when the name is taken
   * @example
   * const { privateKey } = await album.keypairs.generate({ name: "amy" });
   * await writeFile("id_ed25519", privateKey, { mode: 0o600 });
   */
  async generate(input: GenerateKeypair): Promise<GeneratedKeypair> {
    const asked = { schema: GenerateKeypair, input, what: "a keypair to generate" };
    return this.#caller.change("keypairs.generate", asked, async (scope, { name, type }) => {
      const projectId = projectOf(scope).id;
      if ((await this.#dependencies.keypairs.named(projectId, name)) !== undefined) throw taken(name);
      const { publicKey, privateKey } = await generateKeypair(type, name);
      return { ...(await this.#keep(scope, name, publicKey)), privateKey };
    });
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
  list(input: ListKeypairs = {}): Listing<Keypair> {
    const asked = { permission: "keypairs.list", schema: ListKeypairs, what: "a list of keypairs" } as const;
    return listing(this.#caller, asked, input, (scope, where, part) =>
      this.#dependencies.keypairs.find({ ...where, projectId: projectFilter(scope) }, part),
    );
  }

  /**
   * Forgets a keypair. Servers that were given it keep it.
   * @throws CloudHostError `NOT_FOUND`
   */
  async delete(idOrName: string): Promise<void> {
    const find = async (scope: Scope): Promise<Keypair> =>
      this.#named(projectOf(scope).id, parseNamed("keypair", idOrName));
    const asked = { schema: Nothing, input: {}, what: "options of delete", find };
    await this.#caller.change("keypairs.delete", asked, async (scope, _, { id }) => {
      const { database, keypairs } = this.#dependencies;
      const line = scope.accepted({ resources: [id] });
      if (!(await commitLogged(database, keypairs.delete(id), line))) throw notFound("keypair", idOrName);
    });
  }

  async #keep(scope: ChangeScope, name: string, publicKey: string): Promise<Keypair> {
    const { database, keypairs, ids, clock } = this.#dependencies;
    const projectId = projectOf(scope).id;
    const id = ids.next("key");
    const fingerprint = fingerprintOf(publicKey);
    const keypair = { id, projectId, name, publicKey, fingerprint, createdAtMs: clock.nowMs() };
    const line = scope.accepted({ resources: [id] });
    if (await commitLogged(database, keypairs.create(keypair), line)) return keypair;
    throw taken(name);
  }

  async #named(projectId: string, idOrName: string): Promise<Keypair> {
    const keypair = await this.#dependencies.keypairs.named(projectId, idOrName);
    if (keypair === undefined) throw notFound("keypair", idOrName);
    return keypair;
  }
}

function taken(name: string): CloudHostError {
  const details = { state: "taken", allowed: ["a name that no keypair of the project has"] };
  return new CloudHostError("CONFLICT", `There is a keypair ${name} already.`, details);
}

/** What {@link Keypairs} needs. */
export interface KeypairsDependencies {
  readonly database: Database;
  readonly keypairs: KeypairStore;
  readonly ids: Ids;
  readonly clock: Clock;
}
