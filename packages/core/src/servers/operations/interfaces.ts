import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { GuestPlan } from "../guest-spec.ts";
import { changeGuest, changeGuestIfThere } from "./change-guest.ts";
import type { NicFilter } from "./change-guest.ts";
import { Power } from "./resize-plan.ts";

/** A server that gets a network interface or loses one. */
export const InterfacePlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst"),
  power: Power,
  guest: GuestPlan,
  networkId: idOf("net"),
  nicId: idOf("nic"),
});
export type InterfacePlan = z.infer<typeof InterfacePlan>;

/** Every interface of the server but this one. */
const others =
  ({ nicId }: InterfacePlan): NicFilter =>
  ({ id }) =>
    id !== nicId;

/** Gives a server one more interface with an address of its own: on its host first, then in its guest. */
export const attachInterface = defineOperation("server.attachInterface", InterfacePlan)
  .record("address", {
    write: ({ input: { hostId, networkId, nicId, projectId }, networks, serverId }) => [
      networks.bind(serverId, hostId, { projectId, networkId, nicId }),
    ],
    undo: ({ networks, serverId }) => networks.releaseOnceUnbound(serverId),
  })
  .act("network", {
    mark: ({ input: { hostId, nicId, projectId }, networks, serverId }, direction) =>
      networks.want(serverId, hostId, projectId, direction === "do", nicId),
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    run: (context) => changeGuest(context, context.input.guest),
    undo: (context) => changeGuestIfThere(context, context.input.guest, others(context.input)),
  })
  .record("attached", { write: ({ input, servers, serverId }) => [servers.setState(serverId, input.power)] })
  .failed(({ servers, serverId }) => servers.release(serverId));

/**
 * Takes an interface out of a guest, then off its host, and then its address is free. A running guest's OS has to let it
 * go, and may refuse: then all is as it was.
 */
export const detachInterface = defineOperation("server.detachInterface", InterfacePlan)
  .act("guest", {
    run: (context) => changeGuest(context, context.input.guest, others(context.input)),
    undo: (context) => changeGuestIfThere(context, context.input.guest),
  })
  .act("network", {
    mark: ({ input: { hostId, nicId, projectId }, networks, serverId }, direction) =>
      networks.want(serverId, hostId, projectId, direction === "undo", nicId),
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .record("detached", {
    write: ({ input, networks, servers, serverId }) => [
      script(
        ...networks.releaseOnceUnbound(serverId).statements,
        ...servers.setState(serverId, input.power).statements,
      ),
    ],
  })
  .failed(({ servers, serverId }) => servers.release(serverId));
