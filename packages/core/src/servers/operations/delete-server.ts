import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { deleteLayers } from "./disk-layers.ts";
import { reach } from "./reach.ts";

/** A server to delete; `hostId` is `null` when it was never placed, or is shelved. */
export const DeleteServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst").nullable(),
  /** Where its guest of before a resize is, if one waits to be confirmed. */
  leftOnId: idOf("hst").nullable().default(null),
});

/**
 * Deletes a server with everything of it. It only goes forward: what is gone does not come back. When it is given up,
 * the server is left in `error`, and deleting it again goes on. A fenced host is not waited for: what is there of the
 * server is removed when the host comes back.
 */
export const deleteServer = defineOperation("server.delete", DeleteServerPlan)
  .pointOfNoReturn()
  .record("host", {
    write: ({ fences, input: { hostId, projectId }, networks, serverId }) =>
      reach(fences, hostId, (fencedId) => [
        ...networks.want(serverId, fencedId, projectId, false).statements,
        fences.evacuated(serverId, fencedId),
      ]),
  })
  .act("guest", {
    on: ({ reachedId }) => reachedId,
    run: async ({ host, reachedId, serverId }) => {
      if (reachedId !== null) await host.compute.remove(serverId);
    },
  })
  .act("network", {
    on: ({ reachedId }) => reachedId,
    mark: ({ input, networks, reachedId, serverId }) =>
      reachedId === null
        ? { statements: [], result: () => ({ revision: 0 }) }
        : networks.want(serverId, reachedId, input.projectId, false),
    run: async ({ host, reachedId, revision }) => {
      if (reachedId !== null) await host.network.converge(revision);
    },
  })
  .act("base image", {
    on: ({ reachedId }) => reachedId,
    run: async ({ host, reachedId, serverId }) => {
      if (reachedId !== null) await host.images.release(serverId);
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
    run: async ({ imageStore, layersOf, serverId }) => deleteLayers(imageStore, await layersOf(serverId)),
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
