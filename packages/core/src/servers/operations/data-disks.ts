import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { DataDisk } from "../data-disk.ts";
import { GuestPlan } from "../guest-spec.ts";
import { changeGuest, changeGuestIfThere } from "./change-guest.ts";
import { ClaimPlan } from "./claim-plan.ts";
import { Power } from "./resize-plan.ts";

/** Of a server that gets a data disk or loses one, what changes. */
const Shape = z.strictObject({ guest: GuestPlan, claim: ClaimPlan });

/** A server that gets a data disk or loses one. */
export const DataDiskPlan = z.strictObject({
  hostId: idOf("hst"),
  power: Power,
  disk: DataDisk,
  before: Shape,
  after: Shape,
});
export type DataDiskPlan = z.infer<typeof DataDiskPlan>;

/**
 * Gives a server a data disk: at once where it runs, for its next start where it is stopped. Its room on the host and in
 * the quota is claimed with the operation's row.
 */
export const createDisk = defineOperation("server.createDisk", DataDiskPlan)
  .act("disk", {
    run: (context) => changeGuest(context, context.input.after.guest),
    undo: (context) => changeGuestIfThere(context, context.input.before.guest),
  })
  .record("created", {
    write: ({ dataDisks, input, servers, serverId }) => [
      script(dataDisks.insert(serverId, input.disk), ...servers.setState(serverId, input.power).statements),
    ],
  })
  .failed(({ claimChanges, input, servers, serverId }) => {
    const { before, after, hostId } = input;
    const given = claimChanges.change(serverId, hostId, after.claim, before.claim);
    return { ...given, statements: [...given.statements, ...servers.release(serverId).statements] };
  });

/** The guest without the disk in it, which is on its host still. */
const detached = ({ before, disk }: DataDiskPlan): GuestPlan => ({
  ...before.guest,
  dataDisks: before.guest.dataDisks.map((each) => (each.id === disk.id ? { ...each, detached: true } : each)),
});

/**
 * Takes a data disk out of a server, and deletes it. A running guest's OS has to let it go, and may refuse: until then
 * all is as it was. From there on it only goes forward.
 */
export const deleteDisk = defineOperation("server.deleteDisk", DataDiskPlan)
  .act("detach", {
    run: (context) => changeGuest(context, detached(context.input)),
    undo: (context) => changeGuestIfThere(context, context.input.before.guest),
  })
  .pointOfNoReturn()
  .act("delete", { run: (context) => changeGuestIfThere(context, context.input.after.guest) })
  .record("deleted", {
    write: ({ claimChanges, dataDisks, input, servers, serverId }) => {
      const { before, after, disk, hostId, power } = input;
      const given = claimChanges.change(serverId, hostId, before.claim, after.claim);
      const rest = [dataDisks.delete(disk.id), ...servers.setState(serverId, power).statements];
      return [{ ...given, statements: [...given.statements, ...rest] }];
    },
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
