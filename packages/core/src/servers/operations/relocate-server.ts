import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { digestsOf, ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import { LayerToStore, deleteLayers, putLayers, storeLayers } from "./disk-layers.ts";
import { Placing, placementOf } from "./placing.ts";
import { graceMs, Power, ServerSize } from "./resize-plan.ts";

/** A server to bring to another host, in another size or the same. */
export const RelocateServerPlan = z.strictObject({
  projectId: idOf("prj"),
  sourceId: idOf("hst"),
  power: Power,
  before: ServerSize,
  after: ServerSize,
  placing: Placing,
  /** Its network interfaces. */
  nicIds: z.array(idOf("nic")),
  /** Under which each disk's own layer is carried, for so long. */
  transfers: z.array(LayerToStore),
});
export type RelocateServerPlan = z.infer<typeof RelocateServerPlan>;

/**
 * The way of a server to another host, up to where it runs there and its guest on the old one is still whole. Only the
 * layers that the server itself has written are carried, in chunks through the image store: no host trusts another, and
 * what was carried is verified. It is never on both hosts' networks.
 */
const relocation = (kind: `server.${string}`) =>
  defineOperation(kind, RelocateServerPlan)
    .decide("place", ({ input: { after, placing }, fleet, serverId }) =>
      fleet.decide(placementOf(serverId, after, placing)),
    )
    .record("claim", {
      // Both hosts hold it until it is settled; the quotas hold the larger of both sizes.
      write: ({ candidates, claimChanges, input: { before, after }, serverId }) =>
        candidates.map((hostId) => claimChanges.takeNext(serverId, hostId, before.claim, after.claim)),
      undo: ({ claimChanges, input, serverId }) => claimChanges.settle(serverId, input.sourceId),
    })
    .act("stop", {
      on: ({ input }) => input.sourceId,
      run: async ({ host, input, serverId }) => {
        if (input.power === "active") await host.compute.stop(serverId, graceMs);
      },
      undo: async ({ host, input, serverId }) => {
        if (input.power === "active") await host.compute.start(serverId);
      },
    })
    .act("base image", {
      on: ({ targetId }) => targetId,
      run: async ({ host, input, serverId }) => ({ files: await ensureGuestFiles(host, input.after.guest, serverId) }),
      undo: ({ host, serverId }) => host.images.release(serverId),
    })
    .act("send disks", {
      on: ({ input }) => input.sourceId,
      run: async ({ host, input: { transfers }, serverId }) => {
        return { sent: await storeLayers(host, serverId, transfers) };
      },
      undo: ({ imageStore, input }) => deleteLayers(imageStore, input.transfers),
    })
    .act("leave the network", {
      on: ({ input }) => input.sourceId,
      mark: ({ input, networks, serverId }, direction) => {
        const wanted = networks.want(serverId, input.sourceId, input.projectId, direction === "undo");
        const back = direction === "undo" ? networks.move(input.nicIds, input.sourceId) : [];
        return { ...wanted, statements: [...back, ...wanted.statements] };
      },
      run: ({ host, revision }) => host.network.converge(revision),
      undo: ({ host, revision }) => host.network.converge(revision),
    })
    .act("network", {
      on: ({ targetId }) => targetId,
      mark: ({ input, networks, servers, serverId, targetId }, direction) => {
        const forth = direction === "do";
        const wanted = networks.want(serverId, targetId, input.projectId, forth);
        const columns = servers.setColumns(serverId, (forth ? input.after : input.before).columns);
        return {
          ...wanted,
          statements: [...(forth ? networks.move(input.nicIds, targetId) : []), columns, ...wanted.statements],
        };
      },
      run: ({ host, revision }) => host.network.converge(revision),
      undo: ({ host, revision }) => host.network.converge(revision),
    })
    .act("guest", {
      on: ({ targetId }) => targetId,
      run: async ({ host, files, input: { before, after }, ownOf, sent, serverId }) => {
        const own = await ownOf(serverId);
        // In its old size first: its layers are of that size, and grow with the guest.
        await host.compute.define(guestSpec(serverId, { ...after.guest, ...sizesOf(before) }, files, own));
        await putLayers(host, serverId, sent);
        await host.compute.define(guestSpec(serverId, after.guest, files, own));
        await host.images.release(serverId, digestsOf(after.guest));
      },
      undo: ({ host, serverId }) => host.compute.remove(serverId),
    })
    .act("start", {
      on: ({ targetId }) => targetId,
      run: async ({ host, input, serverId }) => {
        if (input.power === "active") await host.compute.start(serverId);
      },
      undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
    })
    .act("forget what was sent", {
      on: () => null,
      run: ({ imageStore, input }) => deleteLayers(imageStore, input.transfers),
    });

const sizesOf = ({ guest: { systemDiskGib, ephemeralDiskGib } }: ServerSize) => ({ systemDiskGib, ephemeralDiskGib });

/** Resizes a server that its host has no room for, on another. Its old guest stays until that is confirmed or reverted. */
export const resizeToOtherHost = relocation("server.resizeToOtherHost")
  .record("resized", {
    write: ({ input: { before, after, nicIds, power, sourceId }, servers, serverId, targetId }) => {
      const way = { kind: "otherHost" as const, sourceId, nicIds };
      const resized = servers.resized(serverId, { before, after, power, hostId: targetId, way });
      return [script(servers.place(serverId, targetId), ...resized.statements)];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));

/** Moves a server to another host, its old guest removed at the end. */
export const migrateServer = relocation("server.migrate")
  .pointOfNoReturn()
  .record("moved", {
    write: ({ servers, serverId, targetId }) => [script(servers.place(serverId, targetId))],
  })
  .act("remove the old", {
    on: ({ input }) => input.sourceId,
    run: async ({ host, serverId }) => {
      await host.compute.remove(serverId);
      await host.images.release(serverId);
    },
  })
  .record("settled", {
    write: ({ claimChanges, input, servers, serverId, targetId }) => {
      const settled = claimChanges.settle(serverId, targetId);
      const state = servers.setState(serverId, input.power);
      return [{ ...settled, statements: [...settled.statements, ...state.statements] }];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
