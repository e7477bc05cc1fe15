import type { ResourceAmounts, ResourceName } from "../ports/host.ts";
import type { Fleet, HostView, PlacementExplanation, PlacementGroup, PlacementRequest } from "../ports/scheduler.ts";

/** What every one of the servers needs, and the group that all of them are in. */
export interface TogetherRequest extends Omit<PlacementRequest, "groups" | "seed" | "serverName"> {
  readonly group: PlacementGroup | undefined;
}

/** One of several servers that are alike. */
export type TogetherServer = Pick<PlacementRequest, "seed" | "serverName">;

/** A host for each server, in their order; or why one of them finds none beside the others. */
export type TogetherDecision =
  | { readonly hostIds: readonly string[] }
  | { readonly refusal: PlacementExplanation; readonly unplaced: readonly string[] };

/**
 * Places servers that are alike one after another, each where the ones before it leave room. What those take is shown to
 * the fleet for as long as this runs, which nobody else sees: it never waits.
 * @param views the hosts as the fleet has them
 * @param show puts a host's view into the fleet
 */
export function placeTogether(
  fleet: Pick<Fleet, "decide" | "explain">,
  views: ReadonlyMap<string, HostView>,
  show: (view: HostView) => void,
  request: TogetherRequest,
  servers: readonly TogetherServer[],
): TogetherDecision {
  const { group, ...each } = request;
  if (group?.policy === "affinity") return placeOnOneHost(fleet, each, group, servers);
  const taken = new Map<string, number>();
  const hostIds: string[] = [];
  try {
    for (const [index, server] of servers.entries()) {
      const groups = group === undefined ? [] : [{ ...group, hostIds: [...group.hostIds, ...hostIds] }];
      const asked = { ...each, ...server, groups };
      const hostId = bestOf(fleet, asked);
      const view = hostId === undefined ? undefined : views.get(hostId);
      if (hostId === undefined || view === undefined)
        return { refusal: fleet.explain(asked), unplaced: servers.slice(index).map(({ serverName }) => serverName) };
      hostIds.push(hostId);
      taken.set(hostId, (taken.get(hostId) ?? 0) + 1);
      show({ ...view, free: without(view.free, times(each.resources, taken.get(hostId) ?? 0)) });
    }
    return { hostIds };
  } finally {
    for (const hostId of taken.keys()) {
      const view = views.get(hostId);
      if (view !== undefined) show(view);
    }
  }
}

/** Servers that must share a host need one that has room for all: the best for the first may not. */
function placeOnOneHost(
  fleet: Pick<Fleet, "decide" | "explain">,
  each: Omit<TogetherRequest, "group">,
  group: PlacementGroup,
  servers: readonly TogetherServer[],
): TogetherDecision {
  const [first] = servers;
  if (first === undefined) return { hostIds: [] };
  const asked = { ...each, ...first, groups: [group], resources: times(each.resources, servers.length) };
  const hostId = bestOf(fleet, asked);
  if (hostId !== undefined) return { hostIds: servers.map(() => hostId) };
  return { refusal: fleet.explain(asked), unplaced: servers.map(({ serverName }) => serverName) };
}

function bestOf(fleet: Pick<Fleet, "decide">, asked: PlacementRequest): string | undefined {
  const decision = fleet.decide(asked);
  return "candidates" in decision ? decision.candidates[0] : undefined;
}

const mapped = (
  amounts: Readonly<ResourceAmounts>,
  change: (amount: number, name: string) => number,
): ResourceAmounts =>
  Object.fromEntries(
    Object.entries(amounts).map(([name, amount]) => [name, change(amount, name)]),
  ) as unknown as ResourceAmounts;

const times = (amounts: Readonly<ResourceAmounts>, servers: number): ResourceAmounts =>
  mapped(amounts, (amount) => amount * servers);

const without = (free: Readonly<ResourceAmounts>, taken: Readonly<ResourceAmounts>): ResourceAmounts =>
  mapped(free, (amount, name) => amount - (taken[name as ResourceName] ?? 0));
