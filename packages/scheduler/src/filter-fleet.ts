import type { Decision, Fleet, FleetChange, PlacementExplanation, PlacementRequest } from "@cloudhost/core/ports";
import { explainPlacement } from "./explanation.ts";
import { ClassCache } from "./fleet/class-cache.ts";
import { HostTable } from "./fleet/host-table.ts";
import { splitRules, type SplitRules } from "./fleet/rule-split.ts";
import { Ranking } from "./ranking.ts";
import type { Rules } from "./rules.ts";
import { hashText, tieOf } from "./tie-break.ts";
import { passes } from "./verdict.ts";

/** Enough for the claim to find another host when the first is full by then. */
const candidatesPerDecision = 10;

/** A view of the fleet, decided over by a chain of filters and by weighers. */
export class FilterFleet implements Fleet {
  readonly #rules: Rules;
  readonly #split: SplitRules;
  readonly #table = new HostTable();
  readonly #classes: ClassCache;
  #revision = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#split = splitRules(rules);
    this.#classes = new ClassCache(rules, this.#split, this.#table);
  }

  get revision(): number {
    return this.#revision;
  }

  apply(changes: readonly FleetChange[], revision: number): void {
    if (revision < this.#revision) return;
    this.#revision = revision;
    for (const change of changes) {
      if (change.kind === "noHost") this.#classes.delete(change.hostId);
      else {
        this.#learn(change.host.free);
        this.#learn(change.host.total);
        this.#classes.set(change.host);
      }
    }
  }

  decide(request: PlacementRequest): Decision {
    const asked = this.#complete(request);
    const candidates =
      asked.groups.length === 0 || this.#split.areOthersAlike
        ? this.#classes.best(asked, candidatesPerDecision)
        : this.#scan(asked);
    if (candidates.length > 0) return { candidates, revision: this.#revision };
    return { refusal: this.explain(request), revision: this.#revision };
  }

  explain(request: PlacementRequest): PlacementExplanation {
    return explainPlacement(this.#rules.filters, this.#complete(request), this.#table);
  }

  /** Asks every host, for rules of groups that may say something else of each. */
  #scan(request: PlacementRequest): readonly string[] {
    const { filters, weigh } = this.#split.all;
    const seedHash = hashText(request.seed);
    const ranking = new Ranking(candidatesPerDecision);
    for (const host of this.#table.numbers()) {
      const view = this.#table.show(host);
      if (!passes(filters, request, view)) continue;
      ranking.add({ id: view.id, weight: weigh(request, view), tie: tieOf(seedHash, hashText(view.id)) });
    }
    return ranking.ids();
  }

  #complete(request: PlacementRequest): PlacementRequest {
    this.#learn(request.resources);
    return { ...request, resources: this.#table.complete(request.resources) };
  }

  #learn(amounts: PlacementRequest["resources"]): void {
    if (this.#table.learn(amounts)) this.#classes.clear();
  }
}
