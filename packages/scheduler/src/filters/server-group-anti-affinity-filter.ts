import { defineFilter } from "@cloudhost/core/ports";
import { hostsOfGroup } from "./hosts-of-group.ts";

/** Keeps the hosts that have no other server of the server's anti-affinity groups. */
export const serverGroupAntiAffinityFilter = defineFilter({
  name: "ServerGroupAntiAffinityFilter",
  reads: { request: ["groups"], host: ["membership"] },
  check: (request, host) => {
    for (const group of request.groups) {
      if (group.policy === "anti-affinity" && hostsOfGroup(group).has(host.id)) {
        return { need: `no server of group ${group.name}`, have: "one" };
      }
    }
    return true;
  },
});
