import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { insertNew, removeOne } from "../database/script.ts";
import type { Script } from "../database/script.ts";
import type { NameFilter } from "../lists/filters.ts";
import { sliceOf } from "../lists/slice.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { Keypair } from "./model.ts";

interface KeypairRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly public_key: string;
  readonly fingerprint: string;
  readonly created_at_ms: number;
}

/** Which keypairs to find. */
export interface FindKeypairs extends NameFilter {
  /** `undefined`: of every project. */
  readonly projectId: string | undefined;
}

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
} as const;

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

  async find(where: FindKeypairs, part: SliceRequest<keyof typeof sorts>): Promise<Slice<Keypair>> {
    const select = `SELECT * FROM ${this.#database.tables.keypairs}`;
    const query = new PageQuery<KeypairRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .equal("name", where.name)
      .begins("name", where.namePrefix);
    return sliceOf(await query.read(this.#database, part), keypairOf);
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
