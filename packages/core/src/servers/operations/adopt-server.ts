import { z } from "zod";
import { script } from "../../database/script.ts";
import { CloudHostError } from "../../errors.ts";
import { idOf } from "../../ids.ts";
import { defineOperation } from "../../operations/definition.ts";
import { AdoptGuest } from "../../ports/guest-adopter.ts";
import type { StrangerGuest } from "../../ports/guest-adopter.ts";
import type { GuestState } from "../../ports/guest.ts";
import type { ServerState } from "../model.ts";
import { claimOf } from "./claim-plan.ts";
import { placementOf } from "./placing.ts";

/** A guest to make a server of, the flavor's values copied. */
export const AdoptServerPlan = z.strictObject({
  projectId: idOf("prj"),
  hostId: idOf("hst"),
  key: AdoptGuest.shape.key,
  name: z.string(),
  flavor: z.string(),
  vcpus: z.int(),
  milliEcuPerVcpu: z.int(),
  memoryMib: z.int(),
  systemDiskGib: z.int(),
  ephemeralDiskGib: z.int(),
  dataDisks: z.array(z.never()).default([]),
  /** Declared countable resources. */
  resources: z.record(z.string(), z.int()),
  internalKbit: z.int(),
  externalKbit: z.int(),
  /** What the flavor requires of its host. */
  requires: z.record(z.string(), z.string()),
  /** The network that it is to join in the place of its own interfaces. */
  networkId: idOf("net").nullable(),
});
export type AdoptServerPlan = z.infer<typeof AdoptServerPlan>;

/**
 * Makes a server of a guest that came onto its host by other ways than ours. Its definition is read and must fit the
 * flavor, what the flavor says is claimed as for any server, and only then is the guest touched: it becomes ours where
 * and as it is. Taken back, it is again what it was.
 */
export const adoptServer = defineOperation("server.adopt", AdoptServerPlan)
  .act("definition", {
    run: async ({ host, input }) => {
      const stranger = (await host.compute.strangers()).find(({ key }) => key === input.key);
      if (stranger === undefined) {
        const details = { resource: "guest", id: input.key };
        throw new CloudHostError("NOT_FOUND", `The host has no guest of others ${input.key}.`, details);
      }
      requireAdoptable(stranger);
      requireCovered(stranger, input);
    },
  })
  .decide("place", ({ fleet, input, serverId }) => {
    const size = { guest: input, claim: claimOf(input) };
    return fleet.decide(placementOf(serverId, size, { requires: input.requires, image: {}, onlyOn: input.hostId }));
  })
  .record("claim", {
    write: ({ candidates, claims, input, serverId }) =>
      candidates.map((hostId) => claims.take(serverId, hostId, claimOf(input))),
    undo: ({ claims, serverId }) => claims.release(serverId),
  })
  .record("addresses", {
    write: ({ hostId, input: { networkId, projectId }, networks, servers, serverId }) => {
      const placed = servers.place(serverId, hostId);
      if (networkId === null) return [script(placed)];
      const bound = networks.bind(serverId, hostId, { projectId, networkId });
      return [{ ...bound, statements: [...bound.statements, placed] }];
    },
    undo: ({ networks, servers, serverId }) =>
      script(...networks.releaseOnceUnbound(serverId).statements, servers.place(serverId, null)),
  })
  .act("network", {
    mark: ({ hostId, input, networks, serverId }, direction) =>
      input.networkId === null
        ? { statements: [], result: { revision: 0 } }
        : networks.want(serverId, hostId, input.projectId, direction === "do"),
    run: async ({ host, input, revision }) => {
      if (input.networkId !== null) await host.network.converge(revision);
    },
    undo: async ({ host, input, revision }) => {
      if (input.networkId !== null) await host.network.converge(revision);
    },
  })
  .act("guest", {
    run: async ({ host, input, nicsOf, serverId }) => {
      const { key, memoryMib, milliEcuPerVcpu, vcpus } = input;
      const nics = await nicsOf(serverId);
      await host.compute.adopt({ key, id: serverId, vcpus, milliEcuPerVcpu, memoryMib, nics });
      const guest = await host.compute.get(serverId);
      return { power: guest?.power ?? ("stopped" as const) };
    },
    undo: ({ host, serverId }) => host.compute.disown(serverId),
  })
  .record("adopted", {
    write: ({ power, servers, serverId }) => [servers.setState(serverId, stateOf[power])],
  })
  .failed(({ servers, serverId }, error) => servers.fail(serverId, error));

const stateOf: Readonly<Record<GuestState["power"], ServerState>> = {
  running: "active",
  paused: "paused",
  suspended: "suspended",
  stopped: "stopped",
};

/** @throws CloudHostError `UNSUPPORTED` */
function requireAdoptable({ key, obstacles }: StrangerGuest): void {
  if (obstacles.length === 0) return;
  const feature = `adopting ${key}: ${obstacles.map(({ reason, detail }) => `${reason}, ${detail}`).join("; ")}`;
  throw new CloudHostError("UNSUPPORTED", `This cannot be done: ${feature}.`, { feature, by: "cloudhost" });
}

/** @throws CloudHostError `INVALID_ARGUMENT` where the guest has more than the flavor says */
function requireCovered({ disks, memoryMib, name, vcpus }: StrangerGuest, plan: AdoptServerPlan): void {
  const needs = [
    { what: "vCPUs", need: vcpus, have: plan.vcpus },
    { what: "MiB of memory", need: memoryMib, have: plan.memoryMib },
    { what: "GiB of system disk", need: disks[0]?.sizeGib ?? 0, have: plan.systemDiskGib },
  ].filter(({ need, have }) => need > have);
  if (needs.length === 0) return;
  const issues = needs.map(({ what, need, have }) => {
    return { path: "flavor", message: `the guest has ${need} ${what}, the flavor ${have}` };
  });
  const said = issues.map(({ message }) => message).join(", ");
  const message = `The flavor ${plan.flavor} is too small for ${name}: ${said}.`;
  throw new CloudHostError("INVALID_ARGUMENT", message, { issues });
}
