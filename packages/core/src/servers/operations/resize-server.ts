import { z } from "zod";
import { script } from "../../database/script.ts";
import { larger } from "../../hosts/claim-changes.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import { changeGuestIfThere } from "./change-guest.ts";
import { graceMs, Power, ServerSize } from "./resize-plan.ts";

/** A server to resize on the host that it is on; the larger of both sizes is claimed with the operation's row. */
export const ResizeServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst"),
  /** While it runs, without a restart. Then there is nothing to confirm. */
  live: z.boolean(),
  power: Power,
  /** Under which its disks are kept until the new size is confirmed. */
  keepId: idOf("snp"),
  before: ServerSize,
  after: ServerSize,
});
export type ResizeServerPlan = z.infer<typeof ResizeServerPlan>;

const restarts = ({ live, power }: ResizeServerPlan): boolean => !live && power === "active";

/**
 * Resizes a server where it is: live, or between a stop and a start. A disk that has grown cannot shrink again, so a
 * cold resize keeps all disks as they were, to go back to.
 */
export const resizeServer = defineOperation("server.resize", ResizeServerPlan)
  .act("stop", {
    run: async ({ host, input, serverId }) => {
      if (restarts(input)) await host.compute.stop(serverId, graceMs);
    },
    undo: async ({ host, input, serverId }) => {
      if (restarts(input)) await host.compute.start(serverId);
    },
  })
  .act("keep disks", {
    run: async ({ host, input, serverId }) => {
      if (!input.live) await host.compute.keepDisks(serverId, input.keepId);
    },
    undo: async ({ host, input, serverId }) => {
      if (!input.live) await host.compute.dropDisks(serverId, input.keepId);
    },
  })
  .act("guest", {
    run: async ({ host, input, serverId, ownOf }) => {
      const files = await ensureGuestFiles(host, input.after.guest, serverId);
      const spec = guestSpec(serverId, input.after.guest, files, await ownOf(serverId));
      await (input.live ? host.compute.change(spec) : host.compute.define(spec));
    },
    undo: async ({ host, input, serverId, ownOf }) => {
      // It may have stopped meanwhile.
      if (input.live) return changeGuestIfThere({ host, serverId, ownOf }, input.before.guest);
      const files = await ensureGuestFiles(host, input.before.guest, serverId);
      const spec = guestSpec(serverId, input.before.guest, files, await ownOf(serverId));
      await host.compute.restoreDisks(serverId, input.keepId);
      return host.compute.define(spec);
    },
  })
  .act("network", {
    mark: ({ input, networks, servers, serverId }, direction) => {
      const size = direction === "do" ? input.after : input.before;
      const wanted = networks.want(serverId, input.hostId, input.projectId, true);
      return { ...wanted, statements: [servers.setColumns(serverId, size.columns), ...wanted.statements] };
    },
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .act("start", {
    run: async ({ host, input, serverId }) => {
      if (restarts(input)) await host.compute.start(serverId);
    },
    undo: async ({ host, input, serverId }) => {
      if (restarts(input)) await host.compute.stop(serverId, 0);
    },
  })
  .record("resized", {
    write: ({ claimChanges, input, servers, serverId }) => {
      const { before, after, hostId, keepId, power } = input;
      if (!input.live) {
        const pending = { before, after, power, hostId, way: { kind: "sameHost" as const, keepId } };
        return [servers.resized(serverId, pending)];
      }
      const held = larger(before.claim, after.claim);
      const changed = claimChanges.change(serverId, hostId, held, after.claim);
      return [{ ...changed, statements: [...changed.statements, ...servers.setState(serverId, "active").statements] }];
    },
  })
  .failed(({ claimChanges, input, servers, serverId }) => {
    const { before, after, hostId } = input;
    const changed = claimChanges.change(serverId, hostId, larger(before.claim, after.claim), before.claim);
    return script(...changed.statements, ...servers.release(serverId).statements);
  });
