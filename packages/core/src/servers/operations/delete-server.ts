import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";

/** A server to delete; `hostId` is `null` when it was never placed, or is shelved. */
export const DeleteServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst").nullable(),
  /** Where its guest of before a resize is, if one waits to be confirmed. */
  leftOnId: idOf("hst").nullable().default(null),
});

/**
 * Deletes a server with everything of it. It only goes forward: what is gone does not come back. When it is given up,
 * the server is left in `error`, and deleting it again goes on.
 */
export const deleteServer = defineOperation("server.delete", DeleteServerPlan)
  .pointOfNoReturn()
  .act("guest", {
    run: async ({ host, input, serverId }) => {
      if (input.hostId !== null) await host.compute.remove(serverId);
    },
  })
  .act("network", {
    mark: ({ input, networks, serverId }) =>
      input.hostId === null
        ? { statements: [], result: () => ({ revision: 0 }) }
        : networks.want(serverId, input.hostId, input.projectId, false),
    run: async ({ host, input, revision }) => {
      if (input.hostId !== null) await host.network.converge(revision);
    },
  })
  .act("base image", {
    run: async ({ host, input, serverId }) => {
      if (input.hostId !== null) await host.images.release(serverId);
    },
  })
  .act("guest left behind", {
    on: ({ input }) => input.leftOnId,
    run: async ({ host, input, serverId }) => {
      if (input.leftOnId === null) return;
      await host.compute.remove(serverId);
      await host.images.release(serverId);
    },
  })
  .act("stored disks", {
    on: () => null,
    run: async ({ imageStore, layersOf, serverId }) => {
      for (const { imageId } of await layersOf(serverId)) await imageStore.delete(imageId);
    },
  })
  .record("release", {
    write: ({ claimChanges, claims, dataDisks, networks, seeds, servers, serverId, shelved, nowMs }) => {
      const released = claims.release(serverId);
      const rest = [
        claimChanges.forgetParked(serverId),
        shelved.remove(serverId),
        shelved.letGo(serverId),
        ...networks.releaseOnceUnbound(serverId).statements,
        dataDisks.deleteOf(serverId),
        seeds.delete(serverId),
        ...servers.deleted(serverId, nowMs).statements,
      ];
      return [{ ...released, statements: [...released.statements, ...rest] }];
    },
  })
  .failed(({ servers, serverId }, error) => servers.fail(serverId, error));
