import type { Database } from "../database/database.ts";
import { statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { TagStore } from "../tags/tag-store.ts";
import type { ServerRow } from "./server-row.ts";

/** Of a server's row, what each of its tags repeats: so an index on tags gives servers in the order of a list. */
export type TaggedServer = Pick<ServerRow, "id" | "project_id" | "name" | "created_at_ms">;

/** Servers' tags. */
export class ServerTagStore extends TagStore<TaggedServer> {
  readonly #database: Database;

  constructor(database: Database) {
    super(database, {
      tags: "server_tags",
      ownerId: "server_id",
      owners: "servers",
      repeats: ({ project_id, name, created_at_ms }) => ({ project_id, server_name: name, created_at_ms }),
    });
    this.#database = database;
  }

  /** The server may have another name. */
  renamed(serverId: string): Statement {
    const { server_tags: table, servers } = this.#database.tables;
    const sql = `UPDATE ${table} SET server_name = (SELECT name FROM ${servers} WHERE id = ?) WHERE server_id = ?`;
    return statement(sql, [serverId, serverId]);
  }
}
