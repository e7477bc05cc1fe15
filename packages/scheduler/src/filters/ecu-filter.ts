import { defineFilter } from "@cloudhost/core/ports";

/**
 * Keeps the hosts with enough free compute: the flavor's EUCU against what is neither reserved nor claimed.
 * Compute is never oversold, so there is no ratio to set. Whether a core is fast enough is EcuPerCoreFilter's.
 */
export const ecuFilter = defineFilter({
  name: "ECUFilter",
  reads: { request: ["resources.milliEcu"], host: ["free.milliEcu"] },
  check: (request, host) =>
    host.free.milliEcu >= request.resources.milliEcu || {
      need: request.resources.milliEcu,
      have: host.free.milliEcu,
      unit: "mEUCU",
    },
});
