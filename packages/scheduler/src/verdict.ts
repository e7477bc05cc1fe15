import { CloudHostError, type Filter, type HostView, type PlacementRequest, type Refusal } from "@cloudhost/core/ports";
import type { Rules } from "./rules.ts";

/**
 * What a filter says of a host.
 * @throws CloudHostError `INTERNAL` naming the filter, when it throws
 */
export function verdictOf(filter: Filter, request: PlacementRequest, host: HostView): true | Refusal {
  try {
    return filter.check(request, host);
  } catch (cause) {
    throw faultOf(filter, host, "threw", cause);
  }
}

/**
 * How good a host is for this request, by all weighers.
 * @throws CloudHostError `INTERNAL` naming the weigher, when one throws or gives no number
 */
export function weightOf(weighers: Rules["weighers"], request: PlacementRequest, host: HostView): number {
  let sum = 0;
  for (const { weigher, multiplier } of weighers) {
    let weight: number;
    try {
      weight = weigher.weigh(request, host);
    } catch (cause) {
      throw faultOf(weigher, host, "threw", cause);
    }
    if (!Number.isFinite(weight)) throw faultOf(weigher, host, `gave ${weight}`);
    sum += multiplier * weight;
  }
  return sum;
}

function faultOf(rule: { readonly name: string }, host: HostView, what: string, cause?: unknown): CloudHostError {
  const message = `${rule.name} ${what} on host ${host.name}.`;
  return new CloudHostError("INTERNAL", message, { reason: message }, { cause });
}
