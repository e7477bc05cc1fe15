import type { Scheduler } from "@cloudhost/core/ports";
import { FilterFleet } from "./filter-fleet.ts";
import type { FilterSchedulerOptions } from "./options.ts";
import { parseRules } from "./rules.ts";

/**
 * A scheduler that asks each host a chain of filters and ranks those that pass. A host is turned away with a reason,
 * and the same request on the same fleet always gets the same answer.
 *
 * @throws CloudHostError `INVALID_ARGUMENT` when the chain names a filter that is not there, or gives it parameters
 * that it does not take
 * @example
 * filterScheduler({
 *   filters: [gpuFilter],
 *   chain: ["ComputeFilter", { filter: "AvailabilityZoneFilter", defaultZone: "az-1" }, "ECUFilter", "RamFilter",
 *     "DiskFilter", "NetworkFilter", "GpuFilter"],
 * });
 */
export function filterScheduler(options: FilterSchedulerOptions = {}): Scheduler {
  const rules = parseRules(options);
  return { openFleet: () => new FilterFleet(rules) };
}
