import { defineWeigher, type HostView, type PlacementRequest, type ResourceName } from "@cloudhost/core/ports";

/**
 * Prefers the host that the server fills the most, by its dominant share: of all its resources, the one of which the
 * largest part would be taken. Hosts are so filled one after another, and empty ones stay whole for large flavors.
 */
export const packingWeigher = defineWeigher({
  name: "PackingWeigher",
  reads: { request: ["resources"], host: ["free", "total"] },
  weigh: dominantShare,
});

/** 0 (nothing of the host taken) to 1 (some resource all taken), with this server on it. */
function dominantShare({ resources }: PlacementRequest, { free, total }: HostView): number {
  let dominant = 0;
  for (const name in total) {
    const resource = name as ResourceName;
    if (total[resource] === 0) continue;
    const share = 1 - (free[resource] - resources[resource]) / total[resource];
    if (share > dominant) dominant = share;
  }
  return Math.min(1, dominant);
}
