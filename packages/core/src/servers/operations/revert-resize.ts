import { larger } from "../../hosts/claim-changes.ts";
import { defineOperation } from "../../operations/definition.ts";
import { ensureGuestFiles, guestSpec } from "../guest-spec.ts";
import { SettleResizePlan } from "./confirm-resize.ts";
import type { PendingResize } from "./resize-plan.ts";

/** The host that it goes back to. */
const homeOf = ({ hostId, way }: PendingResize): string => (way.kind === "otherHost" ? way.sourceId : hostId);

/**
 * Goes back to the size, the disks and the host of before the resize; what the server has written since is gone. Only
 * forward: whoever asks for the way back is not brought to the middle of it.
 */
export const revertResize = defineOperation("server.revertResize", SettleResizePlan)
  .pointOfNoReturn()
  .act("stop", {
    on: ({ input: { pending } }) => pending.hostId,
    run: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .act("leave the network", {
    on: ({ input: { pending } }) => pending.hostId,
    mark: ({ input: { pending, projectId }, networks, serverId }) =>
      networks.want(serverId, pending.hostId, projectId, pending.way.kind === "sameHost"),
    run: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    on: ({ input: { pending } }) => pending.hostId,
    run: async ({ host, input: { pending }, serverId, ownOf }) => {
      const { before, way } = pending;
      if (way.kind === "otherHost") {
        await host.compute.remove(serverId);
        return host.images.release(serverId);
      }
      await host.compute.restoreDisks(serverId, way.keepId);
      const files = await ensureGuestFiles(host, before.guest, serverId);
      return host.compute.define(guestSpec(serverId, before.guest, files, await ownOf(serverId)));
    },
  })
  .act("network", {
    on: ({ input: { pending } }) => homeOf(pending),
    mark: ({ input: { pending, projectId }, networks, servers, serverId }) => {
      const home = homeOf(pending);
      const moved = pending.way.kind === "otherHost" ? networks.move(pending.way.nicIds, home) : [];
      const wanted = networks.want(serverId, home, projectId, true);
      const columns = servers.setColumns(serverId, { ...pending.before.columns, host_id: home });
      return { ...wanted, statements: [...moved, columns, ...wanted.statements] };
    },
    run: ({ host, revision }) => host.network.converge(revision),
  })
  .act("start", {
    on: ({ input: { pending } }) => homeOf(pending),
    run: async ({ host, input: { pending }, serverId }) => {
      if (pending.power === "active") await host.compute.start(serverId);
    },
  })
  .act("drop kept disks", {
    on: ({ input: { pending } }) => homeOf(pending),
    run: async ({ host, input: { pending }, serverId }) => {
      if (pending.way.kind === "sameHost") await host.compute.dropDisks(serverId, pending.way.keepId);
    },
  })
  .record("settled", {
    write: ({ claimChanges, input: { pending }, servers, serverId }) => {
      const { before, after, power, way } = pending;
      const home = homeOf(pending);
      const settled =
        way.kind === "otherHost"
          ? claimChanges.settle(serverId, home)
          : claimChanges.change(serverId, home, larger(before.claim, after.claim), before.claim);
      return [{ ...settled, statements: [...settled.statements, ...servers.reverted(serverId, power).statements] }];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
