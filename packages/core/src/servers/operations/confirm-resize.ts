import { z } from "zod";
import { larger } from "../../hosts/claim-changes.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { PendingResize } from "./resize-plan.ts";

/** A resize to settle, one way or the other. */
export const SettleResizePlan = z.strictObject({ projectId: idOf("prj"), pending: PendingResize });

/** Gives up the way back: the disks that were kept, or the guest that was left on the other host. Only forward. */
export const confirmResize = defineOperation("server.confirmResize", SettleResizePlan)
  .pointOfNoReturn()
  .act("drop the old", {
    on: ({ input: { pending } }) => (pending.way.kind === "otherHost" ? pending.way.sourceId : pending.hostId),
    run: async ({ host, input: { pending }, serverId }) => {
      if (pending.way.kind === "sameHost") return host.compute.dropDisks(serverId, pending.way.keepId);
      await host.compute.remove(serverId);
      return host.images.release(serverId);
    },
  })
  .record("settled", {
    write: ({ claimChanges, input: { pending }, servers, serverId }) => {
      const { before, after, hostId, power, way } = pending;
      const settled =
        way.kind === "otherHost"
          ? claimChanges.settle(serverId, hostId)
          : claimChanges.change(serverId, hostId, larger(before.claim, after.claim), after.claim);
      return [{ ...settled, statements: [...settled.statements, ...servers.confirmed(serverId, power).statements] }];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
