import { defineWeigher } from "@cloudhost/core/ports";
import { largestShare, smallestShare } from "./shares.ts";

/**
 * Prefers the host whose resources the server would leave alike: as much of its compute as of its memory, disk and
 * bandwidth. What is left of one resource when another is used up is stranded: nobody can have it.
 */
export const leftoverShapeWeigher = defineWeigher({
  name: "LeftoverShapeWeigher",
  reads: { request: ["resources"], host: ["free", "total"] },
  weigh: (request, host) => 1 - Math.max(0, largestShare(request, host) - smallestShare(request, host)),
});
