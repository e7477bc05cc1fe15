import { notFound } from "../access/caller.ts";
import { CloudHostError } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { Submitted, Submitter } from "../operations/submission.ts";
import { deleteImage } from "./operations/delete-image.ts";
import type { ImageRecords, ImageRow } from "./store.ts";

/** The state in the details of a `CONFLICT`: a shelved server's disk is only what differs from the image. */
export const neededByShelved = "needed by shelved servers";

/**
 * Begins the deletion of an image.
 * @throws CloudHostError `CONFLICT` while it is being stored, is deleted already, or a shelved server needs it
 */
export const submitImageDeletion = (
  { engine, images }: { readonly engine: OperationEngine; readonly images: ImageRecords },
  actor: Submitter,
  row: ImageRow,
): Promise<Submitted> =>
  engine.submit({
    definition: deleteImage,
    projectId: row.project_id,
    actor,
    resourceId: row.id,
    hostId: undefined,
    idempotencyKey: undefined,
    request: { image: row.id },
    input: {},
    statements: (operationId) => images.beginDelete(row.id, operationId),
    refused: async (guard) => {
      const now = await images.get(row.id);
      if (now === undefined) return notFound("image", row.id);
      if (guard === "needed") {
        const needed = { state: neededByShelved, allowed: ["active", "error"] };
        const said = `The image ${now.name} is ${neededByShelved}: it can be deleted once they are unshelved or deleted.`;
        return new CloudHostError("CONFLICT", said, needed);
      }
      const details = { state: now.state, allowed: ["active", "error"] };
      return new CloudHostError("CONFLICT", `The image ${now.name} is ${now.state}.`, details, { retryable: true });
    },
  });
