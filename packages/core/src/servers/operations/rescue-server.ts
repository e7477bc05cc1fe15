import { z } from "zod";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { digestsOf, ensureGuestFiles, GuestPlan, guestSpec, RescuePlan } from "../guest-spec.ts";

/** A server that boots from another image for a while, or no more. */
export const RescueServerPlan = z.strictObject({
  hostId: idOf("hst"),
  guest: GuestPlan,
  rescue: RescuePlan,
  /** What it is without the rescue. */
  before: z.enum(["active", "stopped"]),
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
});

/**
 * Starts a server from another image, its own disks beside it. When that fails, it is as it was: its own disks are not
 * touched.
 */
export const rescueServer = defineOperation("server.rescue", RescueServerPlan)
  .act("images", {
    run: async ({ host, input, serverId }) => ({
      files: await ensureGuestFiles(host, input.guest, serverId),
      rescueFiles: await ensureGuestFiles(host, input.rescue, serverId),
    }),
    undo: ({ host, input, serverId }) => host.images.release(serverId, digestsOf(input.guest)),
  })
  .act("stop", {
    run: ({ host, input, serverId }) => host.compute.stop(serverId, input.graceMs),
    undo: async ({ host, input, serverId }) => {
      if (input.before === "active") await host.compute.start(serverId);
    },
  })
  .act("rescue disk", {
    run: async ({ host, input, serverId, files, rescueFiles, ownOf }) => {
      const rescue = { plan: input.rescue, files: rescueFiles };
      await host.compute.define(guestSpec(serverId, input.guest, files, await ownOf(serverId), rescue));
    },
    undo: async ({ host, input, serverId, files, ownOf }) =>
      host.compute.define(guestSpec(serverId, input.guest, files, await ownOf(serverId))),
  })
  .act("start", {
    run: ({ host, serverId }) => host.compute.start(serverId),
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .record("rescued", {
    write: ({ input, servers, serverId }) => [
      servers.setState(serverId, "rescued", {
        state_before: input.before,
        rescue_image_id: input.rescue.image.imageId,
      }),
    ],
  })
  .failed(({ servers, serverId }) => servers.release(serverId));

/**
 * Starts a server from its own disk again, or leaves it stopped where it was. The rescue's disk is thrown away: where
 * its own does not start, it is rescued once more, from the image as it was.
 */
export const unrescueServer = defineOperation("server.unrescue", RescueServerPlan)
  .act("images", {
    run: async ({ host, input, serverId }) => ({
      files: await ensureGuestFiles(host, input.guest, serverId),
      rescueFiles: await ensureGuestFiles(host, input.rescue, serverId),
    }),
  })
  .act("stop", {
    run: ({ host, input, serverId }) => host.compute.stop(serverId, input.graceMs),
    undo: ({ host, serverId }) => host.compute.start(serverId),
  })
  .act("rescue disk", {
    run: async ({ host, input, serverId, files, ownOf }) =>
      host.compute.define(guestSpec(serverId, input.guest, files, await ownOf(serverId))),
    undo: async ({ host, input, serverId, files, rescueFiles, ownOf }) => {
      const rescue = { plan: input.rescue, files: rescueFiles };
      await host.compute.define(guestSpec(serverId, input.guest, files, await ownOf(serverId), rescue));
    },
  })
  .act("start", {
    run: async ({ host, input, serverId }) => {
      if (input.before === "active") await host.compute.start(serverId);
    },
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .pointOfNoReturn()
  .act("rescue image", { run: ({ host, input, serverId }) => host.images.release(serverId, digestsOf(input.guest)) })
  .record("as before", {
    write: ({ input, servers, serverId }) => [
      servers.setState(serverId, input.before, { state_before: null, rescue_image_id: null }),
    ],
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
