import { defineFilter } from "@cloudhost/core/ports";

/**
 * Keeps the hosts of which one core is fast enough for one vCPU: a vCPU runs on one core at a time, so 1 vCPU × 4 EUCU
 * fits an E5-2650 (4 EUCU a core) and never an Opteron 6276 (3).
 */
export const ecuPerCoreFilter = defineFilter({
  name: "EcuPerCoreFilter",
  reads: { request: ["milliEcuPerVcpu"], host: ["milliEcuPerCore"] },
  check: (request, host) =>
    host.milliEcuPerCore >= request.milliEcuPerVcpu || {
      need: request.milliEcuPerVcpu,
      have: host.milliEcuPerCore,
      unit: "mEUCU",
    },
});
