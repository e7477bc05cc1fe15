import { defineWeigher } from "@cloudhost/core/ports";
import { largestShare } from "./shares.ts";

/**
 * Prefers the host that the server fills the most, by its dominant share: of all its resources, the one of which the
 * largest part would be taken. Hosts are so filled one after another, and empty ones stay whole for large flavors.
 */
export const packingWeigher = defineWeigher({
  name: "PackingWeigher",
  reads: { request: ["resources"], host: ["free", "total"] },
  weigh: largestShare,
});
