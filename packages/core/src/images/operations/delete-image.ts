import { z } from "zod";
import { script } from "../../database/script.ts";
import { defineOperation } from "../../operations/definition.ts";

/** Nothing but the image's id is needed. */
export const DeleteImagePlan = z.strictObject({});

/** Removes an image, and the chunks that no other has. Servers that were booted from it go on: their hosts hold the base. */
export const deleteImage = defineOperation("image.delete", DeleteImagePlan)
  .pointOfNoReturn()
  .act("delete", { run: ({ imageStore, imageId, transfer }) => imageStore.delete(imageId, transfer) })
  .record("deleted", {
    write: ({ images, imageId }) => [
      script(...images.setState(imageId, "deleted").statements, images.tags.remove(imageId)),
    ],
  })
  .failed(({ images, imageId }) => images.setState(imageId, "error"));
