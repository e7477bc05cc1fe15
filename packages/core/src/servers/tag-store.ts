import type { Database } from "../database/database.ts";
import { guarded, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { ServerRow } from "./server-row.ts";
import { tagsMost } from "./tags.ts";
import type { TagChanges, Tags } from "./tags.ts";

/** Of a server's row, what each of its tags repeats: so an index on tags gives servers in the order of a list. */
export type TaggedServer = Pick<ServerRow, "id" | "project_id" | "name" | "created_at_ms">;

/** The guard of {@link TagStore.change}. */
export const tooManyTags = "tags";

/** Servers' tags. */
export class TagStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Gives a server these tags beside those that it has. */
  put({ id, project_id, name, created_at_ms }: TaggedServer, tags: Tags): readonly Statement[] {
    const rows = Object.entries(tags).map(([tag, value]) => [id, tag, value, project_id, name, created_at_ms]);
    if (rows.length === 0) return [];
    const { server_tags: table } = this.#database.tables;
    const marks = rows.map(() => "(?, ?, ?, ?, ?, ?)").join(", ");
    const sql = `INSERT INTO ${table} (server_id, tag, value, project_id, server_name, created_at_ms) VALUES ${marks} ON CONFLICT (server_id, tag) DO UPDATE SET value = excluded.value`;
    return [statement(sql, rows.flat())];
  }

  /**
   * Changes a server's tags, behind what has changed its row: that has locked it. Guard {@link tooManyTags} when it
   * would have too many.
   */
  change(server: TaggedServer, changes: TagChanges): readonly Statement[] {
    const { server_tags: table, servers } = this.#database.tables;
    const entries = Object.entries(changes);
    const gone = entries.filter(([, value]) => value === null).map(([tag]) => tag);
    const set = Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
    const marks = gone.map(() => "?").join(", ");
    const fewEnough = `SELECT id FROM ${servers} WHERE id = ? AND (SELECT COUNT(*) FROM ${table} WHERE server_id = ?) <= ${tagsMost}`;
    return [
      ...(gone.length === 0
        ? []
        : [statement(`DELETE FROM ${table} WHERE server_id = ? AND tag IN (${marks})`, [server.id, ...gone])]),
      ...this.put(server, set),
      guarded(tooManyTags, fewEnough, [server.id, server.id]),
    ];
  }

  /** The server may have another name. */
  renamed(serverId: string): Statement {
    const { server_tags: table, servers } = this.#database.tables;
    const sql = `UPDATE ${table} SET server_name = (SELECT name FROM ${servers} WHERE id = ?) WHERE server_id = ?`;
    return statement(sql, [serverId, serverId]);
  }

  remove(serverId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.server_tags} WHERE server_id = ?`, [serverId]);
  }

  /** The tags of several servers, by server. */
  async of(serverIds: readonly string[]): Promise<ReadonlyMap<string, Tags>> {
    if (serverIds.length === 0) return new Map();
    const marks = serverIds.map(() => "?").join(", ");
    const rows = await this.#database.select<{ server_id: string; tag: string; value: string }>(
      `SELECT server_id, tag, value FROM ${this.#database.tables.server_tags} WHERE server_id IN (${marks}) ORDER BY server_id, tag`,
      serverIds,
    );
    const byServer = Map.groupBy(rows, (row) => row.server_id);
    return new Map(
      [...byServer].map(([id, mine]) => [id, Object.fromEntries(mine.map(({ tag, value }) => [tag, value]))]),
    );
  }
}
