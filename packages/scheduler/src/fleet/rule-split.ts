import type { Filter, HostView, PlacementRequest, Weigher } from "@cloudhost/core/ports";
import type { Rules } from "../rules.ts";
import { sumOf, weightOf } from "../verdict.ts";

/** Some of the rules: which hosts pass, and how good one is. */
export interface RulePart {
  readonly filters: readonly Filter[];
  readonly weigh: (request: PlacementRequest, host: HostView) => number;
}

/** Rules by what they read of a request's groups. */
export interface SplitRules {
  readonly all: RulePart;
  /** Those that read nothing of them: what they say holds for every request of a class. */
  readonly ofClass: RulePart;
  readonly ofGroups: RulePart;
  /** Whether rules of groups look at a host only to see whether a group names it: those that none names are alike. */
  readonly areOthersAlike: boolean;
}

const readsGroups = ({ reads }: Filter | Weigher): boolean => reads.request.includes("groups");

/** Splits them. The weight of all is the sum of both parts' weights, whoever adds them up. */
export function splitRules({ filters, weighers }: Rules): SplitRules {
  const part = (ofGroups: boolean): RulePart & Rules => {
    const own = weighers.filter(({ weigher }) => readsGroups(weigher) === ofGroups);
    return {
      filters: filters.filter((filter) => readsGroups(filter) === ofGroups),
      weighers: own,
      weigh: (request, host) => weightOf(own, request, host),
    };
  };
  const [ofClass, ofGroups] = [part(false), part(true)];
  const rulesOfGroups = [...ofGroups.filters, ...ofGroups.weighers.map(({ weigher }) => weigher)];
  return {
    all: { filters, weigh: (request, host) => sumOf(ofClass.weigh(request, host), ofGroups.weigh(request, host)) },
    ofClass,
    ofGroups,
    areOthersAlike: rulesOfGroups.every(({ reads }) => reads.host.every((field) => field === "membership")),
  };
}
