import { z } from "zod";
import type { PlaceAsked } from "../../operations/tools.ts";
import type { ResourceAmounts } from "../../ports/host.ts";
import type { PlacementRequest } from "../../ports/scheduler.ts";
import type { GuestPlan } from "../guest-spec.ts";
import type { ClaimPlan } from "./claim-plan.ts";

/** Where a server may go, beside what it needs and its group: what a new decision asks for again. */
export const Placing = z.strictObject({
  zone: z.string().optional(),
  /** What its flavor requires of its host. */
  requires: z.record(z.string(), z.string()),
  /** What its image asks of its host. */
  image: z.strictObject({ architecture: z.string().optional(), hypervisor: z.string().optional() }),
  /** Hosts that are not for it: the one that it is on. */
  notOn: z.array(z.string()).default([]),
  /** The only host that is for it. */
  onlyOn: z.string().optional(),
});
export type Placing = z.infer<typeof Placing>;

/** Of a server's size, what a host is chosen by. */
export interface PlacedSize {
  readonly claim: ClaimPlan;
  readonly guest: Pick<GuestPlan, "name" | "vcpus" | "milliEcuPerVcpu">;
}

/** What the scheduler is asked for a server: by its size and its group, where it may go. */
export const placementOf = (
  serverId: string,
  { claim, guest }: PlacedSize,
  { zone, requires, image, notOn, onlyOn }: z.input<typeof Placing>,
  resources: Readonly<Record<string, number>> = claim.resources,
): Omit<PlacementRequest, "groups"> & PlaceAsked => ({
  seed: serverId,
  serverName: guest.name,
  projectId: claim.projectId,
  // Every built-in resource is in a claim, and the product declared the others.
  resources: resources as unknown as ResourceAmounts,
  vcpus: guest.vcpus,
  milliEcuPerVcpu: guest.milliEcuPerVcpu,
  group: claim.group,
  zone,
  requires,
  image: { architecture: image.architecture, hypervisor: image.hypervisor },
  notOn,
  onlyOn,
});
