import { defineWeigher } from "@cloudhost/core/ports";
import { largestShare } from "./shares.ts";

/**
 * Prefers the host that would stay the emptiest, by its dominant share: in place of the `PackingWeigher`, for a fleet
 * that is never full, so that a host that dies takes few servers with it. Large flavors find no room earlier.
 */
export const spreadWeigher = defineWeigher({
  name: "SpreadWeigher",
  reads: { request: ["resources"], host: ["free", "total"] },
  weigh: (request, host) => 1 - largestShare(request, host),
});
