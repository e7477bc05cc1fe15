import { z } from "zod";
import type { Database } from "../database/database.ts";
import { keptThere } from "../database/row-locks.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { idOf } from "../ids.ts";
import { DiskKey } from "../ports/guest.ts";

/** A disk's own layer in the image store: under a name of its own, which no list of images has. */
export const ShelvedLayer = z.strictObject({ disk: DiskKey, imageId: idOf("img"), digest: z.string() });
export type ShelvedLayer = z.infer<typeof ShelvedLayer>;

/** The guard of {@link ShelvedStore.hold}. */
export const imageGone = "image gone";

/** What is kept of servers that are on no host, and the images that it lies over. */
export class ShelvedStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Keeps the images that a server's layers lie over from being deleted: guard {@link imageGone} where one of them is
   * not there any more.
   */
  hold(serverId: string, imageIds: readonly string[]): readonly Statement[] {
    const { images, shelved_images: held } = this.#database.tables;
    // Against a deletion that is about to begin, which locks the row first.
    const lock = keptThere(this.#database);
    return imageIds.flatMap((imageId) => [
      guarded(imageGone, `SELECT id FROM ${images} WHERE id = ? AND state = 'active'${lock}`, [imageId]),
      statement(`INSERT INTO ${held} (image_id, server_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, [imageId, serverId]),
    ]);
  }

  /** Lets the images go. */
  letGo(serverId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.shelved_images} WHERE server_id = ?`, [serverId]);
  }

  /** These are a server's layers, and no others. */
  put(serverId: string, layers: readonly ShelvedLayer[]): readonly Statement[] {
    const rows = layers.map(({ disk, imageId, digest }) => ({ image_id: imageId, server_id: serverId, disk, digest }));
    return [this.remove(serverId), ...rows.map((row) => insertInto(this.#database.tables.shelved_layers, row))];
  }

  /** Its layers are stored no more, or nobody's. */
  remove(serverId: string): Statement {
    return statement(`DELETE FROM ${this.#database.tables.shelved_layers} WHERE server_id = ?`, [serverId]);
  }

  async of(serverId: string): Promise<readonly ShelvedLayer[]> {
    const rows = await this.#database.select<{ disk: string; image_id: string; digest: string }>(
      `SELECT disk, image_id, digest FROM ${this.#database.tables.shelved_layers} WHERE server_id = ? ORDER BY image_id`,
      [serverId],
    );
    return rows.map(({ disk, image_id: imageId, digest }) => ShelvedLayer.parse({ disk, imageId, digest }));
  }
}
