import type {
  Decision,
  Fleet,
  FleetChange,
  HostView,
  PlacementExplanation,
  PlacementRequest,
} from "@cloudhost/core/ports";
import { ResourceNames } from "./amounts.ts";
import { explainPlacement } from "./explanation.ts";
import { Ranking } from "./ranking.ts";
import type { Rules } from "./rules.ts";
import { hashText, tieOf } from "./tie-break.ts";
import { verdictOf, weightOf } from "./verdict.ts";

/** Enough for the claim to find another host when the first is full by then. */
const candidatesPerDecision = 10;

interface KnownHost {
  readonly view: HostView;
  readonly idHash: number;
}

/** A view of the fleet, decided over by a chain of filters and by weighers. */
export class FilterFleet implements Fleet {
  readonly #rules: Rules;
  readonly #hosts = new Map<string, KnownHost>();
  readonly #resources = new ResourceNames();
  #revision = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  get revision(): number {
    return this.#revision;
  }

  apply(changes: readonly FleetChange[], revision: number): void {
    if (revision < this.#revision) return;
    this.#revision = revision;
    for (const change of changes) {
      if (change.kind === "host") this.#learn(change.host.free, change.host.total);
    }
    for (const change of changes) {
      if (change.kind === "noHost") this.#hosts.delete(change.hostId);
      else this.#hosts.set(change.host.id, { view: this.#complete(change.host), idHash: hashText(change.host.id) });
    }
  }

  decide(request: PlacementRequest): Decision {
    const asked = this.#completeRequest(request);
    const seedHash = hashText(request.seed);
    const ranking = new Ranking(candidatesPerDecision);
    for (const { view, idHash } of this.#hosts.values()) {
      if (!this.#passes(asked, view)) continue;
      const weight = weightOf(this.#rules.weighers, asked, view);
      ranking.add({ id: view.id, weight, tie: tieOf(seedHash, idHash) });
    }
    const candidates = ranking.ids();
    if (candidates.length > 0) return { candidates, revision: this.#revision };
    return { refusal: this.explain(request), revision: this.#revision };
  }

  explain(request: PlacementRequest): PlacementExplanation {
    const asked = this.#completeRequest(request);
    const views = Array.from(this.#hosts.values(), ({ view }) => view);
    return explainPlacement(this.#rules.filters, asked, views);
  }

  #passes(request: PlacementRequest, host: HostView): boolean {
    for (const filter of this.#rules.filters) {
      if (verdictOf(filter, request, host) !== true) return false;
    }
    return true;
  }

  #completeRequest(request: PlacementRequest): PlacementRequest {
    this.#learn(request.resources);
    return { ...request, resources: this.#resources.complete(request.resources) };
  }

  /** A resource never heard of before is one that every host has 0 of. */
  #learn(...amounts: readonly HostView["free"][]): void {
    const news = amounts.filter((some) => this.#resources.learn(some));
    if (news.length === 0) return;
    for (const [id, { view, idHash }] of this.#hosts) this.#hosts.set(id, { view: this.#complete(view), idHash });
  }

  /** A copy that nobody can change, so that no rule can. */
  #complete(host: HostView): HostView {
    const free = this.#resources.complete(host.free);
    const total = this.#resources.complete(host.total);
    return Object.freeze({ ...host, free, total, capabilities: Object.freeze({ ...host.capabilities }) });
  }
}
