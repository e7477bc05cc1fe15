import type { z } from "zod";
import { notFound } from "../access/caller.ts";
import type { ChangeScope } from "../access/caller.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { Clock } from "../ports/clock.ts";
import { moreTagsThanMay, tooManyTags } from "../tags/tag-store.ts";
import type { UpdateImage } from "./model.ts";
import { updatable } from "./store.ts";
import type { ImageRecords, ImageRow } from "./store.ts";

/** What an update of an image writes to. */
export interface ImageUpdateParts {
  readonly database: Database;
  readonly images: ImageRecords;
  readonly clock: Clock;
}

/**
 * Gives an image another name and other tags, and tells of it as an event.
 * @throws CloudHostError `CONFLICT` for one that is being deleted, `INVALID_ARGUMENT` for too many tags
 */
export async function updateImage(
  { clock, database, images }: ImageUpdateParts,
  scope: ChangeScope,
  row: ImageRow,
  { name, tags = {} }: z.output<typeof UpdateImage>,
): Promise<void> {
  const event = outboxEvent(database.tables, {
    kind: "image.update.succeeded",
    projectId: row.project_id,
    resourceId: row.id,
    actor: scope.userId,
    data: {},
    atMs: clock.nowMs(),
  });
  const line = scope.accepted({ resources: [row.id], projectId: row.project_id });
  try {
    await database.run(script(images.rename(row.id, name), ...images.tags.change(row, tags), event, line));
  } catch (error) {
    if (!(error instanceof GuardFailed)) throw error;
    if (error.guard === tooManyTags) throw moreTagsThanMay("image");
    const now = await images.get(row.id);
    if (now === undefined) throw notFound("image", row.id);
    const details = { state: now.state, allowed: updatable };
    throw new CloudHostError("CONFLICT", `The image ${now.name} is ${now.state}.`, details);
  }
}
