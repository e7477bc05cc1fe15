import type { Filter, FilterOutcome, PlacementExplanation, PlacementRequest, RefusedHost } from "@cloudhost/core/ports";
import type { HostTable } from "./fleet/host-table.ts";
import { verdictOf } from "./verdict.ts";

/** Runs the whole chain over the hosts and tells what each filter did: every host is let pass or turned away once. */
export function explainPlacement(
  filters: readonly Filter[],
  request: PlacementRequest,
  hosts: HostTable,
): PlacementExplanation {
  let left: readonly number[] = [...hosts.numbers()];
  const outcomes: FilterOutcome[] = [];
  for (const filter of filters) {
    const { passed, refused } = sift(filter, request, hosts, left);
    outcomes.push({ filter: filter.name, of: left.length, refused: refused.length, hosts: refused.toSorted(byLack) });
    left = passed;
  }
  const { serverName, vcpus, resources, zone } = request;
  const server = { name: serverName, vcpus, resources: { ...resources }, ...(zone === undefined ? {} : { zone }) };
  return { server, hosts: hosts.size, passed: left.length, filters: outcomes };
}

function sift(filter: Filter, request: PlacementRequest, hosts: HostTable, asked: readonly number[]) {
  const passed: number[] = [];
  const refused: RefusedHost[] = [];
  for (const host of asked) {
    const verdict = verdictOf(filter, request, hosts.show(host));
    if (verdict === true) passed.push(host);
    else refused.push({ host: hosts.facts(host).name, ...verdict });
  }
  return { passed, refused };
}

/** The host that lacks least first; those whose reason is no number last; then by name. */
const byLack = (a: RefusedHost, b: RefusedHost): number => lackOf(a) - lackOf(b) || (a.host < b.host ? -1 : 1);

/** How much a host lacks. Infinity less Infinity is no number, so a reason in words is the largest one there is. */
const lackOf = ({ need, have }: RefusedHost): number =>
  typeof need === "number" && typeof have === "number" ? need - have : Number.MAX_VALUE;
