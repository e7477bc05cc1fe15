import { defineFilter } from "@cloudhost/core/ports";

/** Keeps the hosts that are up and that an operator lets take new servers. */
export const computeFilter = defineFilter({
  name: "ComputeFilter",
  reads: { request: [], host: ["state", "enabled"] },
  check: (_request, host) => {
    if (host.state !== "up") return { need: "state up", have: `state ${host.state}` };
    return host.enabled || { need: "state enabled", have: "state disabled" };
  },
});
