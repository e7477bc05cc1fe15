import type { Database } from "../database/database.ts";
import { insertNew, removeOne } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { Page } from "../names.ts";
import type { Keypair } from "./model.ts";

interface KeypairRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly public_key: string;
  readonly fingerprint: string;
  readonly created_at_ms: number;
}

/** Keypairs' rows: public halves only. */
export class KeypairStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new keypair. Gives `false` when the project has one of that name. */
  create(keypair: Keypair): Script<boolean> {
    return insertNew(this.#database.tables.keypairs, {
      id: keypair.id,
      project_id: keypair.projectId,
      name: keypair.name,
      public_key: keypair.publicKey,
      fingerprint: keypair.fingerprint,
      created_at_ms: keypair.createdAtMs,
    });
  }

  /** Gives `false` when there is none. */
  delete(keypairId: string): Script<boolean> {
    return removeOne(this.#database.tables.keypairs, keypairId);
  }

  async named(projectId: string, idOrName: string): Promise<Keypair | undefined> {
    const { read, tables } = this.#database;
    const query = read(tables.keypairs)
      .where({ project_id: projectId })
      .where((either) => void either.where({ id: idOrName }).orWhere({ name: idOrName }));
    const row = await this.#database.first<KeypairRow>(query);
    return row === undefined ? undefined : keypairOf(row);
  }

  async find(projectId: string | undefined, page: Page): Promise<readonly Keypair[]> {
    const { read, tables } = this.#database;
    const query = read(tables.keypairs).orderBy("id").limit(page.limit);
    if (projectId !== undefined) void query.where({ project_id: projectId });
    if (page.after !== undefined) void query.where("id", ">", page.after);
    return (await this.#database.all<KeypairRow>(query)).map(keypairOf);
  }
}

const keypairOf = (row: KeypairRow): Keypair => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  publicKey: row.public_key,
  fingerprint: row.fingerprint,
  createdAtMs: row.created_at_ms,
});
