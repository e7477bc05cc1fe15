import { CloudHostError, type Filter, type HostView, type PlacementRequest, type Refusal } from "@cloudhost/core/ports";
import type { Rules } from "./rules.ts";

/** The smallest number of 32 bits: a host that passes is always before one that does not. */
const least = -3.402_823_466_385_288_6e38;

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

/** Whether all filters let a host pass. */
export function passes(filters: readonly Filter[], request: PlacementRequest, host: HostView): boolean {
  for (const filter of filters) if (verdictOf(filter, request, host) !== true) return false;
  return true;
}

/**
 * How good a host is for this request, by these weighers: a number of 32 bits, as caches keep it.
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
  return narrow(sum);
}

/** The sum of two weights, as a number of 32 bits. */
export const sumOf = (weight: number, more: number): number => narrow(weight + more);

const narrow = (weight: number): number => Math.max(least, Math.fround(weight));

function faultOf(rule: { readonly name: string }, host: HostView, what: string, cause?: unknown): CloudHostError {
  const message = `${rule.name} ${what} on host ${host.name}.`;
  return new CloudHostError("INTERNAL", message, { reason: message }, { cause });
}
