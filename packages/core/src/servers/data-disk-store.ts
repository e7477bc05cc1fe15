import type { Database } from "../database/database.ts";
import { insertInto, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { DataDisk } from "./data-disk.ts";

interface DataDiskRow {
  readonly id: string;
  readonly server_id: string;
  readonly name: string | null;
  readonly size_gib: number;
  readonly created_at_ms: number;
}

/** Which data disks servers have. A row is there while the disk is. */
export class DataDiskStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  insert(serverId: string, { id, name, sizeGib, createdAtMs }: DataDisk): Statement {
    const row = { id, server_id: serverId, name, size_gib: sizeGib, created_at_ms: createdAtMs };
    return insertInto(this.#database.tables.data_disks, row);
  }

  delete(diskId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.data_disks} WHERE id = ?`, [diskId]);
  }

  /** All of a server, which is gone. */
  deleteOf(serverId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.data_disks} WHERE server_id = ?`, [serverId]);
  }

  /** The data disks of several servers, by server, the oldest first. */
  async of(serverIds: readonly string[]): Promise<ReadonlyMap<string, readonly DataDisk[]>> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<DataDiskRow>(
      read(tables.data_disks)
        .whereIn("server_id", [...serverIds])
        .orderBy(["created_at_ms", "id"]),
    );
    const found = new Map<string, DataDisk[]>();
    for (const { id, server_id: serverId, name, size_gib: sizeGib, created_at_ms: createdAtMs } of rows) {
      found.set(serverId, [...(found.get(serverId) ?? []), { id, name, sizeGib, createdAtMs }]);
    }
    return found;
  }
}
