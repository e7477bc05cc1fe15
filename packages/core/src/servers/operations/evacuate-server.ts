import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import { Placing, placementOf } from "./placing.ts";
import { Power, ServerSize } from "./resize-plan.ts";

/** A server of a fenced host, to make anew on another. */
export const EvacuateServerPlan = z.strictObject({
  projectId: idOf("prj"),
  /** The fenced host. */
  sourceId: idOf("hst"),
  /** With the image that its system disk is made from. */
  size: ServerSize,
  placing: Placing,
  power: Power,
  /** Its network interfaces. */
  nicIds: z.array(idOf("nic")),
});
export type EvacuateServerPlan = z.infer<typeof EvacuateServerPlan>;

/**
 * Makes a server of a fenced host anew on another: its id, addresses and size stay, its disks are new. The fenced host is
 * never asked: it runs nothing, and while an evacuation is under way it is not let back. Until the end all of it can be
 * taken back; both hosts hold the server's claim so long.
 */
export const evacuateServer = defineOperation("server.evacuate", EvacuateServerPlan)
  .decide("place", ({ input: { placing, size }, fleet, serverId }) =>
    fleet.decide(placementOf(serverId, size, placing)),
  )
  .record("claim", {
    write: ({ candidates, claimChanges, input: { size }, serverId }) =>
      candidates.map((hostId) => claimChanges.takeNext(serverId, hostId, size.claim, size.claim)),
    undo: ({ claimChanges, input, serverId }) => claimChanges.settle(serverId, input.sourceId),
  })
  .act("base image", {
    on: ({ targetId }) => targetId,
    run: async ({ host, input, serverId }) => ({ files: await ensureGuestFiles(host, input.size.guest, serverId) }),
    undo: ({ host, serverId }) => host.images.release(serverId),
  })
  .record("leave the network", {
    // The fenced host is told when it comes back.
    write: ({ input: { projectId, sourceId }, networks, serverId }) => [
      script(...networks.want(serverId, sourceId, projectId, false).statements),
    ],
    undo: ({ input: { nicIds, projectId, sourceId }, networks, serverId }) =>
      script(...networks.move(nicIds, sourceId), ...networks.want(serverId, sourceId, projectId, true).statements),
  })
  .act("network", {
    on: ({ targetId }) => targetId,
    mark: ({ input: { nicIds, projectId }, networks, serverId, targetId }, direction) => {
      const wanted = networks.want(serverId, targetId, projectId, direction === "do");
      const moved = direction === "do" ? networks.move(nicIds, targetId) : [];
      return { ...wanted, statements: [...moved, ...wanted.statements] };
    },
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    on: ({ targetId }) => targetId,
    run: async ({ host, files, input, ownOf, serverId }) =>
      host.compute.define(guestSpec(serverId, input.size.guest, files, await ownOf(serverId))),
    undo: ({ host, serverId }) => host.compute.remove(serverId),
  })
  .act("start", {
    on: ({ targetId }) => targetId,
    run: async ({ host, input, serverId }) => {
      if (input.power === "active") await host.compute.start(serverId);
    },
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .record("moved", {
    write: ({ claimChanges, fences, input: { power, size, sourceId }, servers, serverId, targetId }) => {
      const settled = claimChanges.settle(serverId, targetId);
      const state = servers.setState(serverId, power, {
        host_id: targetId,
        image_id: size.guest.image.imageId,
        state_before: null,
        rescue_image_id: null,
      });
      return [
        { ...settled, statements: [...settled.statements, ...state.statements, fences.evacuated(serverId, sourceId)] },
      ];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
