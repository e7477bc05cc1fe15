import { defineFilter } from "@cloudhost/core/ports";

/**
 * Keeps the hosts with at least as many guest cores as the server has vCPUs: more could not run at the same time. A
 * vCPU is no capacity and nothing is claimed of it; compute is, by ECUFilter.
 */
export const vcpuFilter = defineFilter({
  name: "VCpuFilter",
  reads: { request: ["vcpus"], host: ["guestCores"] },
  check: (request, host) =>
    host.guestCores >= request.vcpus || { need: request.vcpus, have: host.guestCores, unit: "vCPUs" },
});
