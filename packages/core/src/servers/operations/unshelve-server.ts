import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { digestsOf, ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import { deleteLayers, putLayers } from "./disk-layers.ts";
import { Placing, placementOf } from "./placing.ts";
import { Power, ServerSize } from "./resize-plan.ts";

/** A shelved server to bring to a host. */
export const UnshelveServerPlan = z.strictObject({
  projectId: idOf("prj"),
  size: ServerSize,
  placing: Placing,
  power: Power,
  /** Its network interfaces. */
  nicIds: z.array(idOf("nic")),
});
export type UnshelveServerPlan = z.infer<typeof UnshelveServerPlan>;

/**
 * Gives a shelved server a place again, with the disks and addresses that it had. Until it is there, all of it can be
 * taken back: what was stored of it is deleted at the end.
 */
export const unshelveServer = defineOperation("server.unshelve", UnshelveServerPlan)
  .decide("place", ({ input: { placing, size }, fleet, serverId }) =>
    fleet.decide(placementOf(serverId, size, placing)),
  )
  .record("claim", {
    write: ({ candidates, claimChanges, input: { size }, servers, serverId }) =>
      candidates.map((hostId) => {
        const claimed = claimChanges.unpark(serverId, hostId, size.claim);
        return { ...claimed, statements: [...claimed.statements, servers.place(serverId, hostId)] };
      }),
    undo: ({ claimChanges, networks, servers, serverId }) => {
      const parked = claimChanges.park(serverId);
      const rest = [servers.place(serverId, null), networks.leaveHost(serverId)];
      return { ...parked, statements: [...parked.statements, ...rest] };
    },
  })
  .act("base image", {
    run: async ({ host, input, serverId }) => ({ files: await ensureGuestFiles(host, input.size.guest, serverId) }),
    undo: ({ host, serverId }) => host.images.release(serverId),
  })
  .act("network", {
    mark: ({ hostId, input: { nicIds, projectId }, networks, serverId }, direction) => {
      const wanted = networks.want(serverId, hostId, projectId, direction === "do");
      const moved = direction === "do" ? networks.move(nicIds, hostId) : [];
      return { ...wanted, statements: [...moved, ...wanted.statements] };
    },
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    run: async ({ host, files, input: { size }, layersOf, ownOf, serverId }) => {
      await host.compute.define(guestSpec(serverId, size.guest, files, await ownOf(serverId)));
      await putLayers(host, serverId, await layersOf(serverId));
      await host.images.release(serverId, digestsOf(size.guest));
    },
    undo: ({ host, serverId }) => host.compute.remove(serverId),
  })
  .act("start", {
    run: async ({ host, input, serverId }) => {
      if (input.power === "active") await host.compute.start(serverId);
    },
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .pointOfNoReturn()
  .act("forget what was stored", {
    on: () => null,
    run: async ({ imageStore, layersOf, serverId }) => deleteLayers(imageStore, await layersOf(serverId)),
  })
  .record("unshelved", {
    write: ({ input, servers, serverId, shelved }) => {
      const state = servers.setState(serverId, input.power, { state_before: null });
      return [script(...state.statements, shelved.remove(serverId), shelved.letGo(serverId))];
    },
  })
  .failed(({ servers, serverId }, error) => servers.unshelveFailed(serverId, error));
