import type { Fleet, HostView, PlacementExplanation, PlacementRequest, Scheduler } from "@cloudhost/core";
import type { Placement, TurnedAway } from "../events.ts";
import { fullness } from "./fullness.ts";

/**
 * A scheduler that leaves deciding to another and notes why: a scheduler only needs to open fleets, so one can stand
 * before another.
 */
export class DecisionNotes implements Scheduler {
  readonly #scheduler: Scheduler;
  readonly #placements = new Map<string, Placement>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Why the server of this name went where it went, when it was decided here. */
  of(serverName: string): Placement | undefined {
    return this.#placements.get(serverName);
  }

  openFleet(): Fleet {
    const fleet = this.#scheduler.openFleet();
    const hosts = new Map<string, HostView>();
    return {
      get revision() {
        return fleet.revision;
      },
      apply: (changes, revision) => {
        for (const change of changes) {
          if (change.kind === "host") hosts.set(change.host.id, change.host);
          else hosts.delete(change.hostId);
        }
        fleet.apply(changes, revision);
      },
      decide: (request) => {
        const decision = fleet.decide(request);
        if ("candidates" in decision) {
          const best = decision.candidates.flatMap((id) => hosts.get(id) ?? []);
          this.#placements.set(request.serverName, placementOf(request, best, fleet.explain(request)));
        }
        return decision;
      },
      explain: (request) => fleet.explain(request),
    };
  }
}

const placementOf = (
  request: PlacementRequest,
  best: readonly HostView[],
  explanation: PlacementExplanation,
): Placement => ({
  candidates: best.map((host) => ({ host: host.name, ...fullness(request, host) })),
  turnedAway: turnedAwayOf(explanation),
});

/** Every host that was turned away, each by the first filter that did. */
export const turnedAwayOf = ({ filters }: PlacementExplanation): TurnedAway[] =>
  filters.flatMap(({ filter, hosts }) =>
    hosts.map(({ host, need, have, unit }) => ({
      host,
      filter,
      need,
      have,
      ...(unit === undefined ? {} : { unit }),
    })),
  );
