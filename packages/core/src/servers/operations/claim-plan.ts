import { z } from "zod";
import { idOf } from "../../ids.ts";
import { memoryClaimMib } from "../../ports/host.ts";
import { ServerGroupPolicy } from "../../server-groups/model.ts";

/** What a server claims, as an operation keeps it. */
export const ClaimPlan = z.strictObject({
  projectId: idOf("prj"),
  vcpus: z.int(),
  /** Of its host, by resource name. */
  resources: z.record(z.string(), z.int()),
  /** What the guest sees. */
  memoryMib: z.int(),
  group: z.strictObject({ id: idOf("grp"), name: z.string(), policy: ServerGroupPolicy }).optional(),
});
export type ClaimPlan = z.infer<typeof ClaimPlan>;

/** What the amounts of a claim follow from. */
export interface ClaimedSize {
  readonly vcpus: number;
  readonly milliEcuPerVcpu: number;
  readonly memoryMib: number;
  readonly systemDiskGib: number;
  readonly ephemeralDiskGib: number;
  readonly dataDisks: readonly { readonly sizeGib: number }[];
  readonly internalKbit: number;
  readonly externalKbit: number;
  /** Declared countable resources. */
  readonly resources: Readonly<Record<string, number>>;
}

/** What the host is asked for: memory with its hypervisor's overhead, every disk at its full size. */
const claimedResources = (size: ClaimedSize) => ({
  ...size.resources,
  milliEcu: size.vcpus * size.milliEcuPerVcpu,
  memoryMib: memoryClaimMib(size),
  diskGib: size.systemDiskGib + size.ephemeralDiskGib + size.dataDisks.reduce((sum, { sizeGib }) => sum + sizeGib, 0),
  internalKbit: size.internalKbit,
  externalKbit: size.externalKbit,
});

/** What a server of this size claims. */
export const claimOf = (size: ClaimedSize & Pick<ClaimPlan, "projectId" | "group">): ClaimPlan => ({
  projectId: size.projectId,
  vcpus: size.vcpus,
  resources: claimedResources(size),
  memoryMib: size.memoryMib,
  ...(size.group === undefined ? {} : { group: size.group }),
});
