import { z } from "zod";
import { script } from "../../database/script.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { ServerGroupPolicy } from "../../server-groups/model.ts";
import { claimOf } from "./claim-plan.ts";
import { ensureGuestFiles, GuestPlan, guestSpec } from "../guest-spec.ts";
import { placementOf } from "./placing.ts";

/** A server to create, with all names resolved and the flavor's values copied. */
export const CreateServerPlan = GuestPlan.extend({
  projectId: idOf("prj"),
  /** Declared countable resources. */
  resources: z.record(z.string(), z.int()),
  internalKbit: z.int(),
  externalKbit: z.int(),
  zone: z.string().optional(),
  /** What the flavor requires of its host. */
  requires: z.record(z.string(), z.string()).default({}),
  group: z.strictObject({ id: idOf("grp"), name: z.string(), policy: ServerGroupPolicy }).optional(),
  networkId: idOf("net"),
  /** What its image asks of a host. */
  traits: z.strictObject({ architecture: z.string().optional(), hypervisor: z.string().optional() }),
});
export type CreateServerPlan = z.infer<typeof CreateServerPlan>;

/** What is asked of a host. */
export const placeAskedFor = (serverId: string, plan: CreateServerPlan) =>
  placementOf(
    serverId,
    { guest: plan, claim: claimOf(plan) },
    { zone: plan.zone, requires: plan.requires, image: plan.traits },
  );

/** Where the creation of a server begins that has its place, its claim and its address already. */
export const oncePlaced = (hostId: string) => ({
  step: "base image",
  context: { candidates: [hostId], hostId },
});

/**
 * Creates a server: from a resolved request to a running guest.
 *
 * `decide` is pure and holds no transaction; `record` steps describe guarded writes, and adjacent ones commit together
 * with the operation's journal, as one script; `act` steps reach outside through the host's agent, and their `mark`
 * commits with the journal entry that begins them. Undo begins at the step that failed, which may be half done and whose
 * result may be unknown: it goes by the server's id.
 */
export const createServer = defineOperation("server.create", CreateServerPlan)
  .decide("place", ({ input, fleet, serverId }) => fleet.decide(placeAskedFor(serverId, input)))
  .record("claim", {
    // Host, quota and allocation, guarded; the next candidate when the first is full by now.
    write: ({ input, claims, serverId, candidates }) =>
      candidates.map((hostId) => claims.take(serverId, hostId, claimOf(input))),
    undo: ({ claims, serverId }) => claims.release(serverId),
  })
  .record("addresses", {
    write: ({ input, networks, servers, serverId, hostId }) => {
      const bound = networks.bind(serverId, hostId, input);
      return [{ ...bound, statements: [...bound.statements, servers.place(serverId, hostId)] }];
    },
    undo: ({ networks, servers, serverId }) =>
      script(...networks.releaseOnceUnbound(serverId).statements, servers.place(serverId, null)),
  })
  .act("base image", {
    run: async ({ host, input, serverId }) => ({ files: await ensureGuestFiles(host, input, serverId) }),
    undo: ({ host, serverId }) => host.images.release(serverId),
  })
  .act("network", {
    // Wanted or unwanted first, then the host is brought to that revision; its neighbours follow by themselves.
    mark: ({ input, networks, serverId, hostId }, direction) =>
      networks.want(serverId, hostId, input.projectId, direction === "do"),
    run: ({ host, revision }) => host.network.converge(revision),
    undo: ({ host, revision }) => host.network.converge(revision),
  })
  .act("guest", {
    goesOn: true,
    run: async ({ host, input, serverId, files, ownOf }) =>
      host.compute.define(guestSpec(serverId, input, files, await ownOf(serverId))),
    undo: ({ host, serverId }) => host.compute.remove(serverId),
  })
  .act("start", {
    goesOn: true,
    run: ({ host, serverId }) => host.compute.start(serverId),
    undo: ({ host, serverId }) => host.compute.stop(serverId, 0),
  })
  .record("active", {
    write: ({ servers, serverId }) => [servers.setState(serverId, "active")],
  })
  .failed(({ servers, serverId }, error) => servers.fail(serverId, error));
