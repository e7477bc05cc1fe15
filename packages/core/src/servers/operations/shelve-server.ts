import { z } from "zod";
import { script } from "../../database/script.ts";
import { CloudHostError } from "../../errors.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import type { DiskKey } from "../../ports/guest.ts";
import { LayerToStore, deleteLayers, storeLayers } from "./disk-layers.ts";
import { Power } from "./resize-plan.ts";

/** A server to take off its host. */
export const ShelveServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst"),
  /** What it is again once it is unshelved. */
  power: Power,
  /** How long its OS may take before the power is cut, in milliseconds. */
  graceMs: z.int().min(0),
  /** Under which each disk's own layer is stored. */
  layers: z.array(LayerToStore).min(1),
  /** The images that they lie over, and what starts them. */
  imageIds: z.array(idOf("img")),
});
export type ShelveServerPlan = z.infer<typeof ShelveServerPlan>;

/**
 * Takes a server off its host: it is stopped, what it has written goes into the image store, and then its host has
 * nothing of it any more. Its addresses stay its own. Once its layers are stored it only goes forward.
 */
export const shelveServer = defineOperation("server.shelve", ShelveServerPlan)
  .record("hold images", {
    write: ({ input, serverId, shelved }) => [
      {
        statements: shelved.hold(serverId, input.imageIds),
        result: undefined,
        refused: async () => imageDeleted(),
      },
    ],
    undo: ({ serverId, shelved }) => script(shelved.letGo(serverId)),
  })
  .act("stop", {
    run: async ({ host, input, serverId }) => {
      if (input.power === "active") await host.compute.stop(serverId, input.graceMs);
    },
    undo: async ({ host, input, serverId }) => {
      if (input.power === "active") await host.compute.start(serverId);
    },
  })
  .act("store disks", {
    run: async ({ host, imageStore, input, layersOf, serverId }) => {
      // Of a shelving that was given up: nobody else will ever take them away.
      await deleteLayers(imageStore, await layersOf(serverId));
      const stored = await storeLayers(host, serverId, input.layers, (disk) => {
        throw diskMissing(serverId, disk);
      });
      return { stored };
    },
    undo: ({ imageStore, input }) => deleteLayers(imageStore, input.layers),
  })
  .record("stored", {
    write: ({ serverId, shelved, stored }) => [script(...shelved.put(serverId, stored))],
    undo: ({ serverId, shelved }) => script(shelved.remove(serverId)),
  })
  .pointOfNoReturn()
  .act("leave the network", {
    mark: ({ input, networks, serverId }) => networks.want(serverId, input.hostId, input.projectId, false),
    run: ({ host, revision }) => host.network.converge(revision),
  })
  .act("remove the guest", {
    run: async ({ host, serverId }) => {
      await host.compute.remove(serverId);
      await host.images.release(serverId);
    },
  })
  .record("shelved", {
    write: ({ claimChanges, input, networks, nowMs, servers, serverId }) => {
      const parked = claimChanges.park(serverId);
      const state = servers.setState(serverId, "shelved", {
        state_before: input.power,
        guest: "unknown",
        guest_since_ms: nowMs,
      });
      const rest = [...state.statements, servers.place(serverId, null), networks.leaveHost(serverId)];
      return [{ ...parked, statements: [...parked.statements, ...rest] }];
    },
  })
  .failed(({ input, servers, serverId, shelved }, error) =>
    script(
      ...servers.shelveFailed(serverId, input.layers[0]?.imageId ?? "", error).statements,
      shelved.letGo(serverId),
    ),
  );

function imageDeleted(): CloudHostError {
  const details = { state: "without its image", allowed: ["with its image"] };
  const said =
    "The image that the server was made of is deleted, and its own disk is only what differs from it: make a snapshot instead.";
  return new CloudHostError("CONFLICT", said, details);
}

function diskMissing(serverId: string, disk: DiskKey): CloudHostError {
  return new CloudHostError("NOT_FOUND", `The host has no disk ${disk} of ${serverId}.`, {
    resource: "disk",
    id: disk,
  });
}
