import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts with enough free bandwidth, internal and external apart: one cannot stand in for the other. */
export const networkFilter = defineFilter({
  name: "NetworkFilter",
  reads: {
    request: ["resources.internalKbit", "resources.externalKbit"],
    host: ["free.internalKbit", "free.externalKbit"],
  },
  check: ({ resources }, { free }) => {
    for (const resource of ["internalKbit", "externalKbit"] as const) {
      if (free[resource] < resources[resource]) {
        return { need: resources[resource], have: free[resource], unit: "kbit/s", resource };
      }
    }
    return true;
  },
});
