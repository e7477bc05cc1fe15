import type { PlacementGroup } from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

/** Ids of the hosts that have a server of this group. */
export const hostsOfGroup = memo((group: PlacementGroup): ReadonlySet<string> => new Set(group.hostIds));
