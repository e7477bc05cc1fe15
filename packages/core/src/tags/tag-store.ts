import type { Database } from "../database/database.ts";
import { guarded, statement } from "../database/script.ts";
import type { Binding, Statement } from "../database/script.ts";
import type { TableName } from "../database/tables.ts";
import { CloudHostError } from "../errors.ts";
import { tagsMost } from "./tags.ts";
import type { TagChanges, Tags } from "./tags.ts";

/** The guard of {@link TagStore.change}. */
export const tooManyTags = "tags";

/** Whose tags they are, and where. */
export interface TagTables<Owner> {
  /** The tags' rows. */
  readonly tags: TableName;
  /** Of those, the column that names the owner. */
  readonly ownerId: string;
  /** The owners' rows. */
  readonly owners: TableName;
  /** What of its owner each tag repeats, by column. */
  readonly repeats: (owner: Owner) => Readonly<Record<string, Binding>>;
}

/** The tags of servers, or of images. */
export class TagStore<Owner extends { readonly id: string }> {
  readonly #database: Database;
  readonly #where: TagTables<Owner>;

  constructor(database: Database, where: TagTables<Owner>) {
    this.#database = database;
    this.#where = where;
  }

  /** Gives its owner these tags beside those that it has. */
  put(owner: Owner, tags: Tags): readonly Statement[] {
    const { ownerId, repeats } = this.#where;
    const repeated = repeats(owner);
    const rows = Object.entries(tags).map(([tag, value]) => [owner.id, tag, value, ...Object.values(repeated)]);
    if (rows.length === 0) return [];
    const columns = [ownerId, "tag", "value", ...Object.keys(repeated)];
    const row = `(${columns.map(() => "?").join(", ")})`;
    const sql = `INSERT INTO ${this.#tags} (${columns.join(", ")}) VALUES ${rows.map(() => row).join(", ")} ON CONFLICT (${ownerId}, tag) DO UPDATE SET value = excluded.value`;
    return [statement(sql, rows.flat())];
  }

  /**
   * Changes its owner's tags, behind what has changed the owner's row: that has locked it. Guard {@link tooManyTags} when
   * it would have too many.
   */
  change(owner: Owner, changes: TagChanges): readonly Statement[] {
    const { ownerId, owners } = this.#where;
    const entries = Object.entries(changes);
    const gone = entries.filter(([, value]) => value === null).map(([tag]) => tag);
    const set = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
    const marks = gone.map(() => "?").join(", ");
    const counted = `SELECT COUNT(*) FROM ${this.#tags} WHERE ${ownerId} = ?`;
    const fewEnough = `SELECT id FROM ${this.#database.tables[owners]} WHERE id = ? AND (${counted}) <= ${tagsMost}`;
    return [
      ...(gone.length === 0
        ? []
        : [statement(`DELETE FROM ${this.#tags} WHERE ${ownerId} = ? AND tag IN (${marks})`, [owner.id, ...gone])]),
      ...this.put(owner, set),
      guarded(tooManyTags, fewEnough, [owner.id, owner.id]),
    ];
  }

  /** Its owner is gone. */
  remove(id: string): Statement {
    return statement(`DELETE FROM ${this.#tags} WHERE ${this.#where.ownerId} = ?`, [id]);
  }

  /** The tags of several owners, by their ids. */
  async of(ids: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    if (ids.length === 0) return new Map();
    const { ownerId } = this.#where;
    const marks = ids.map(() => "?").join(", ");
    const rows = await this.#database.select<{ id: string; tag: string; value: string }>(
      `SELECT ${ownerId} AS id, tag, value FROM ${this.#tags} WHERE ${ownerId} IN (${marks}) ORDER BY ${ownerId}, tag`,
      ids,
    );
    const byOwner = Map.groupBy(rows, (row) => row.id);
    return new Map(
      [...byOwner].map(([id, mine]) => [id, Object.fromEntries(mine.map(({ tag, value }) => [tag, value]))]),
    );
  }

  get #tags(): string {
    return this.#database.tables[this.#where.tags];
  }
}

/**
 * What {@link tooManyTags} means.
 * @param what `server`, `image`
 */
export function moreTagsThanMay(what: string): CloudHostError {
  const message = `more than ${tagsMost} tags, with those that the ${what} has`;
  return new CloudHostError("INVALID_ARGUMENT", `The ${what} cannot have ${message}.`, {
    issues: [{ path: "tags", message }],
  });
}
