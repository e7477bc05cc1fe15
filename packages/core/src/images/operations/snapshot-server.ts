import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";

/** A server whose disk becomes an image. */
export const SnapshotPlan = z.strictObject({ serverId: idOf("srv"), hostId: idOf("hst"), snapshotId: idOf("snp") });

/** Holds a server's disk still, stores it as an image, and lets it go; the server runs all the while. */
export const snapshotServer = defineOperation("image.snapshot", SnapshotPlan)
  .act("freeze", {
    run: async ({ host, input }) => ({ source: await host.compute.freezeDisk(input.serverId, input.snapshotId) }),
    undo: ({ host, input }) => host.compute.releaseDisk(input.serverId, input.snapshotId),
  })
  .act("store", {
    run: async ({ host, imageId, source }) => ({ sealed: await host.images.ingest(source, imageId) }),
    undo: ({ imageStore, imageId }) => imageStore.delete(imageId),
  })
  .act("release", { run: ({ host, input }) => host.compute.releaseDisk(input.serverId, input.snapshotId) })
  .record("active", {
    write: ({ images, servers, imageId, input, sealed }) => [
      script(...images.sealed(imageId, sealed).statements, ...servers.release(input.serverId).statements),
    ],
  })
  .failed(({ images, servers, imageId, input }) =>
    script(...images.setState(imageId, "error").statements, ...servers.release(input.serverId).statements),
  );
