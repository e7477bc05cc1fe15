import { builtInResources } from "@cloudhost/core/ports";
import type { HostView, PlacementRequest, ResourceAmounts } from "@cloudhost/core/ports";
import { filterScheduler } from "@cloudhost/scheduler";

/** What was claimed, and where. */
export interface Claim {
  readonly hostId: string;
  readonly resources: Readonly<ResourceAmounts>;
}

/** A fleet of the default chain that is told of what its decisions lead to. */
export class ClaimedFleet {
  readonly #fleet = filterScheduler().openFleet();
  readonly #views: Map<string, HostView>;
  #revision = 1;

  constructor(views: readonly HostView[]) {
    this.#views = new Map(views.map((view) => [view.id, view]));
    this.#fleet.apply(
      views.map((host) => ({ kind: "host", host })),
      this.#revision,
    );
  }

  /** Claims what the request needs where it is best; `undefined` where no host can take it. */
  place(request: PlacementRequest): Claim | undefined {
    const decision = this.#fleet.decide(request);
    const hostId = "candidates" in decision ? decision.candidates[0] : undefined;
    if (hostId === undefined) return undefined;
    this.#take(hostId, request.resources, 1);
    return { hostId, resources: request.resources };
  }

  /** Gives a claim back, once. */
  release({ hostId, resources }: Claim): void {
    this.#take(hostId, resources, -1);
  }

  explain(request: PlacementRequest): void {
    this.#fleet.explain(request);
  }

  #take(hostId: string, resources: Readonly<ResourceAmounts>, sign: 1 | -1): void {
    const view = this.#views.get(hostId)!;
    const free = { ...view.free };
    for (const name of builtInResources) free[name] -= sign * resources[name];
    const host = { ...view, free };
    this.#views.set(hostId, host);
    this.#fleet.apply([{ kind: "host", host }], (this.#revision += 1));
  }
}
