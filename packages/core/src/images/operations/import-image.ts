import { z } from "zod";
import { defineOperation } from "../../operations/definition.ts";

/** A disk image file to store. */
export const ImportPlan = z.strictObject({ path: z.string() });

/** Stores a disk image file. It is active once it is sealed, or not there. */
export const importImage = defineOperation("image.import", ImportPlan)
  .act("store", {
    run: async ({ imageStore, imageId, input, transfer }) => ({
      sealed: await imageStore.import(imageId, input.path, transfer),
    }),
    undo: ({ imageStore, imageId }) => imageStore.delete(imageId),
  })
  .record("active", { write: ({ images, imageId, sealed }) => [images.sealed(imageId, sealed)] })
  .failed(({ images, imageId }) => images.setState(imageId, "error"));
