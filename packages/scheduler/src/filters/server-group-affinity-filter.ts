import { defineFilter } from "@cloudhost/core/ports";
import { hostsOfGroup } from "./hosts-of-group.ts";

/** Keeps the hosts that have the other servers of the server's affinity groups. A group without servers is anywhere. */
export const serverGroupAffinityFilter = defineFilter({
  name: "ServerGroupAffinityFilter",
  reads: { request: ["groups"], host: ["membership"] },
  check: (request, host) => {
    for (const group of request.groups) {
      if (group.policy !== "affinity" || group.hostIds.length === 0) continue;
      if (!hostsOfGroup(group).has(host.id)) return { need: `a server of group ${group.name}`, have: "none" };
    }
    return true;
  },
});
