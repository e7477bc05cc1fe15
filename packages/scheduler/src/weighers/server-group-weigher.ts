import { defineWeigher, type PlacementGroup } from "@cloudhost/core/ports";
import { memo } from "../memo.ts";

/**
 * Prefers what the soft policies of the server's groups ask for: with `soft-affinity` the host that has the most of the
 * group's servers, with `soft-anti-affinity` the one that has the fewest. It turns no host away, and weighs all hosts
 * alike for a server of no such group.
 */
export const serverGroupWeigher = defineWeigher({
  name: "ServerGroupWeigher",
  reads: { request: ["groups"], host: ["membership"] },
  weigh: (request, host) => {
    let weight = 0;
    let soft = 0;
    for (const group of request.groups) {
      if (group.policy !== "soft-affinity" && group.policy !== "soft-anti-affinity") continue;
      const servers = membersByHost(group).get(host.id) ?? 0;
      weight += group.policy === "soft-affinity" ? servers / (servers + 1) : 1 / (servers + 1);
      soft += 1;
    }
    return soft === 0 ? 0 : weight / soft;
  },
});

/** How many of the group's servers each host has. */
const membersByHost = memo(({ hostIds }: PlacementGroup): ReadonlyMap<string, number> => {
  const servers = new Map<string, number>();
  for (const id of hostIds) servers.set(id, (servers.get(id) ?? 0) + 1);
  return servers;
});
