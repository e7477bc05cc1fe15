import { z } from "zod";
import { isCloudHostError } from "../../errors.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { digestsOf, ensureGuestFiles, GuestPlan, guestSpec } from "../guest-spec.ts";

/** A server whose system disk is made anew from an image. */
export const RebuildServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst"),
  /** The guest as it will be. */
  guest: GuestPlan,
  /** The guest as it is; `null` for one that was adopted. */
  old: GuestPlan.nullable(),
  before: z.enum(["active", "stopped", "error"]),
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
});
export type RebuildServerPlan = z.infer<typeof RebuildServerPlan>;

/**
 * Makes a server's system disk anew from an image, and empties its ephemeral disk. Until its disks are touched it can be
 * taken back; from then on it only goes forward.
 */
export const rebuildServer = defineOperation("server.rebuild", RebuildServerPlan)
  .act("images", {
    run: async ({ host, input, serverId }) => ({ files: await ensureGuestFiles(host, input.guest, serverId) }),
    undo: ({ host, input, serverId }) => host.images.release(serverId, input.old === null ? [] : digestsOf(input.old)),
  })
  .act("stop", {
    run: async ({ host, input, serverId }) => {
      try {
        await host.compute.stop(serverId, input.graceMs);
      } catch (error) {
        // One in error may have lost its guest: then it is made.
        if (input.before !== "error" || !isCloudHostError(error, "GUEST_NOT_FOUND")) throw error;
      }
    },
    undo: async ({ host, input, serverId }) => {
      if (input.before === "active") await host.compute.start(serverId);
    },
  })
  .pointOfNoReturn()
  .record("begin", { write: ({ servers, serverId }) => [servers.rebuilding(serverId)] })
  .act("old disks", {
    run: async ({ host, input, serverId, files, ownOf }) => {
      if (beginsAnew(input)) return host.compute.remove(serverId);
      // A disk that the specification has no more is deleted: so the ephemeral one is empty when it is there again.
      const plan = { ...input.guest, ephemeralDiskGib: 0 };
      await host.compute.define(guestSpec(serverId, plan, files, await ownOf(serverId)));
    },
  })
  .act("network", {
    mark: ({ input, networks, serverId }) => networks.want(serverId, input.hostId, input.projectId, true),
    run: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    run: async ({ host, input, serverId, files, ownOf }) =>
      host.compute.define(guestSpec(serverId, input.guest, files, await ownOf(serverId))),
  })
  .act("start", {
    run: async ({ host, input, serverId }) => {
      if (input.before !== "stopped") await host.compute.start(serverId);
    },
  })
  .act("old image", {
    run: ({ host, input, serverId }) => host.images.release(serverId, digestsOf(input.guest)),
  })
  .record("rebuilt", {
    write: ({ input, servers, serverId }) => [
      servers.setState(serverId, input.before === "stopped" ? "stopped" : "active", {
        image_id: input.guest.image.imageId,
      }),
    ],
  })
  .failed(({ servers, serverId }, error) => servers.rebuildFailed(serverId, error));

/** A disk over the same base would be left as it is, and an adopted guest takes no other specification. */
const beginsAnew = ({ guest, old }: RebuildServerPlan): boolean =>
  old === null || guest.image.digest === old.image.digest;
