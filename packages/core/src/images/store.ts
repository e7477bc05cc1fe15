import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { lockRow } from "../database/row-locks.ts";
import { guarded, insertInto, script, statement } from "../database/script.ts";
import type { Binding, Script, Statement } from "../database/script.ts";
import type { CreationFilter, NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { SealedImage } from "../ports/host-images.ts";
import { TagStore } from "../tags/tag-store.ts";
import type { Tags } from "../tags/tags.ts";
import type { Image, ImageState } from "./model.ts";

/** An image's row. */
export interface ImageRow {
  readonly id: string;
  readonly project_id: string | null;
  readonly name: string;
  readonly visibility: Image["visibility"];
  readonly state: ImageState;
  readonly digest: string | null;
  readonly logical_bytes: number | null;
  readonly stored_bytes: number | null;
  readonly chunks: string | null;
  readonly min_disk_gib: number;
  readonly min_memory_mib: number;
  readonly properties: string;
  readonly server_id: string | null;
  readonly operation_id: string;
  readonly created_at_ms: number;
}

/** Which images to find: a project's own, and public ones. */
export interface FindImages extends NameFilter, CreationFilter {
  /** `undefined`: of every project. */
  readonly projectId?: string | undefined;
  readonly state?: readonly ImageState[] | undefined;
  readonly visibility?: Image["visibility"] | undefined;
  readonly serverId?: string | undefined;
  /** All of them, with these values. */
  readonly tags?: Tags | undefined;
}

/** States of an image that can have another name and other tags. */
export const updatable = ["pending", "active", "error"] as const satisfies readonly ImageState[];

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
} as const;

/** Images' rows. The store of chunks has the content; here are owner, visibility and state. */
export class ImageRecords {
  readonly tags: TagStore<Pick<ImageRow, "id">>;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.tags = new TagStore(database, {
      tags: "image_tags",
      ownerId: "image_id",
      owners: "images",
      repeats: () => ({}),
    });
  }

  insert(row: Readonly<Record<string, Binding>>): Statement {
    return insertInto(this.#database.tables.images, row);
  }

  /**
   * Gives it to the operation that deletes it: guard `state`; guard `needed` while a shelved server's disk lies over it.
   */
  beginDelete(imageId: string, operationId: string): readonly Statement[] {
    const { images, shelved_images: held } = this.#database.tables;
    return [
      // First, so that what follows sees every server that has begun to need it.
      ...lockRow(this.#database, images, imageId),
      guarded(
        "needed",
        `SELECT id FROM ${images} WHERE id = ? AND NOT EXISTS (SELECT 1 FROM ${held} WHERE image_id = ?)`,
        [imageId, imageId],
      ),
      guarded(
        "state",
        `UPDATE ${images} SET state = 'deleting', operation_id = ? WHERE id = ? AND state IN ('active', 'error')`,
        [operationId, imageId],
      ),
    ];
  }

  /** Another name, unless it is about to go: guard `state`. */
  rename(imageId: string, name: string | undefined): Statement {
    const { images } = this.#database.tables;
    const there = updatable.map(() => "?").join(", ");
    const sql = `UPDATE ${images} SET name = COALESCE(?, name) WHERE id = ? AND state IN (${there})`;
    return guarded("state", sql, [name ?? null, imageId, ...updatable]);
  }

  /** It is whole: it may be booted, and never changes again. */
  sealed(imageId: string, { digest, logicalBytes, storedBytes, chunks }: SealedImage): Script {
    const { images } = this.#database.tables;
    return script(
      statement(
        `UPDATE ${images} SET state = 'active', digest = ?, logical_bytes = ?, stored_bytes = ?, chunks = ? WHERE id = ?`,
        [digest, logicalBytes, storedBytes, JSON.stringify(chunks), imageId],
      ),
    );
  }

  setState(imageId: string, state: ImageState): Script {
    return script(statement(`UPDATE ${this.#database.tables.images} SET state = ? WHERE id = ?`, [state, imageId]));
  }

  async get(imageId: string): Promise<ImageRow | undefined> {
    const row = await this.ever(imageId);
    return row?.state === "deleted" ? undefined : row;
  }

  /** Also one that was deleted: what was booted from it goes on. */
  async ever(imageId: string): Promise<ImageRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<ImageRow>(read(tables.images).where({ id: imageId }));
  }

  /** The newest that was made from a server's disk. */
  async latestSnapshot(serverId: string): Promise<ImageRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<ImageRow>(
      read(tables.images).where({ server_id: serverId, state: "active" }).orderBy("id", "desc").limit(1),
    );
  }

  async find(where: FindImages, part: SliceRequest<keyof typeof sorts>): Promise<Slice<ImageRow>> {
    const select = `SELECT * FROM ${this.#database.tables.images}`;
    const query = new PageQuery<ImageRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .where("state <> 'deleted'")
      .oneOf("state", where.state)
      .equal("visibility", where.visibility)
      .equal("server_id", where.serverId)
      .equal("name", where.name)
      .begins("name", where.namePrefix)
      .atLeast("created_at_ms", where.createdSinceMs)
      .below("created_at_ms", where.createdBeforeMs);
    const { image_tags: tagged } = this.#database.tables;
    for (const [tag, value] of Object.entries(where.tags ?? {}))
      query.where(`id IN (SELECT image_id FROM ${tagged} WHERE tag = ? AND value = ?)`, tag, value);
    const { projectId } = where;
    if (projectId !== undefined) {
      query.either(
        { sql: "project_id = ?", bindings: [projectId] },
        { sql: "visibility = 'public' AND COALESCE(project_id, '') <> ?", bindings: [projectId] },
      );
    }
    return query.read(this.#database, part);
  }
}

/** A row as its users see it. */
export const imageOf = (row: ImageRow, tags: Tags): Image => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  tags,
  visibility: row.visibility,
  state: row.state,
  digest: row.digest,
  logicalBytes: row.logical_bytes,
  storedBytes: row.stored_bytes,
  chunks: row.chunks === null ? null : (JSON.parse(row.chunks) as NonNullable<Image["chunks"]>),
  minDiskGib: row.min_disk_gib,
  minMemoryMib: row.min_memory_mib,
  properties: JSON.parse(row.properties) as Image["properties"],
  serverId: row.server_id,
  operationId: row.operation_id,
  createdAtMs: row.created_at_ms,
});
