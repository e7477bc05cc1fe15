import type { HostView, PlacementGroup, PlacementRequest, RequestField } from "@cloudhost/core/ports";
import { Ranking } from "../ranking.ts";
import type { Rules } from "../rules.ts";
import { hashText, tieOf } from "../tie-break.ts";
import { passes, sumOf } from "../verdict.ts";
import { HostOrder } from "./host-order.ts";
import type { HostTable } from "./host-table.ts";
import { Journal } from "./journal.ts";
import { nobody, type MaxTree } from "./max-tree.ts";
import { PlacementClass } from "./placement-class.ts";
import type { SplitRules } from "./rule-split.ts";
import { classKey, traitsOf } from "./traits.ts";

/** More classes than this are rarely asked for in turn; each costs some ten bytes a host. */
const mostClasses = 48;

/** A host that was taken out of a class's weights for the moment. */
interface Taken {
  readonly position: number;
  readonly weight: number;
}

/**
 * Answers requests by their class: the first of a class looks at every host, the next only at those that changed since.
 * What groups say of a host is asked last: first of the hosts that they name, then of one that stands for all others.
 */
export class ClassCache {
  readonly #rules: SplitRules;
  readonly #traits: readonly RequestField[];
  readonly #table: HostTable;
  readonly #order = new HostOrder();
  #journal = new Journal(this.#order.length);
  /** The one asked for longest ago first. */
  readonly #classes = new Map<string, PlacementClass>();

  constructor(rules: Rules, split: SplitRules, table: HostTable) {
    this.#rules = split;
    this.#traits = traitsOf(rules);
    this.#table = table;
  }

  /** A host is as it is there. */
  set(view: HostView): void {
    const { host, isNew, free, facts } = this.#table.set(view);
    if (isNew) this.#enter(host, view.id);
    else if (free || facts) this.#journal.write(this.#order.positionOf(host), facts);
  }

  /** A host is gone. */
  delete(hostId: string): void {
    const host = this.#table.delete(hostId);
    if (host !== undefined) this.#order.delete(host, (position) => this.#journal.write(position, true));
  }

  /** Forgets all classes. */
  clear(): void {
    this.#classes.clear();
  }

  /** Ids of the hosts that take a request, best first, so many at most. */
  best(request: PlacementRequest, places: number): readonly string[] {
    const { weights } = this.#classOf(request);
    const seedHash = hashText(request.seed);
    if (request.groups.length > 0) return this.#bestWithGroups(request, weights, seedHash, places);
    const best = this.#take(weights, seedHash, places);
    for (const { position, weight } of best) weights.set(position, weight);
    return best.map(({ position }) => this.#idAt(position));
  }

  #bestWithGroups(request: PlacementRequest, weights: MaxTree, seedHash: number, places: number): readonly string[] {
    const { filters, weigh } = this.#rules.ofGroups;
    const named = this.#takeNamed(request.groups, weights);
    let others: readonly Taken[] = [];
    try {
      const ranking = new Ranking(places);
      const rank = ({ position, weight }: Taken, more: number): void => {
        const host = this.#order.at(position);
        const tie = tieOf(seedHash, this.#order.hashOf(host));
        ranking.add({ id: this.#table.facts(host).id, weight: sumOf(weight, more), tie });
      };
      others = this.#take(weights, seedHash, places);
      const [one] = others;
      if (one !== undefined) {
        const view = this.#table.show(this.#order.at(one.position));
        if (passes(filters, request, view)) {
          const more = weigh(request, view);
          for (const other of others) rank(other, more);
        }
      }
      for (const taken of named) {
        if (taken.weight === nobody) continue;
        const view = this.#table.show(this.#order.at(taken.position));
        if (passes(filters, request, view)) rank(taken, weigh(request, view));
      }
      return ranking.ids();
    } finally {
      for (const { position, weight } of [...others, ...named]) weights.set(position, weight);
    }
  }

  /** Takes the best out, best first, those of one weight in the order of the ring. */
  #take(weights: MaxTree, seedHash: number, places: number): readonly Taken[] {
    const start = this.#order.firstFrom(seedHash);
    const taken: Taken[] = [];
    while (taken.length < places) {
      const weight = weights.best;
      if (weight === nobody) break;
      const ahead = weights.firstFrom(start, weight);
      const position = ahead === -1 ? weights.firstFrom(0, weight) : ahead;
      taken.push({ position, weight });
      weights.set(position, nobody);
    }
    return taken;
  }

  /** Takes out the hosts that groups name, each once. */
  #takeNamed(groups: readonly PlacementGroup[], weights: MaxTree): readonly Taken[] {
    const ids = new Set(groups.flatMap(({ hostIds }) => hostIds));
    return Array.from(ids).flatMap((id) => {
      const host = this.#table.numberOf(id);
      if (host === undefined) return [];
      const position = this.#order.positionOf(host);
      const weight = weights.get(position);
      weights.set(position, nobody);
      return [{ position, weight }];
    });
  }

  #classOf(request: PlacementRequest): PlacementClass {
    const key = classKey(request, this.#traits);
    const known = this.#classes.get(key);
    // Out until it is up to date again: it stays out when a rule throws.
    if (known !== undefined) this.#classes.delete(key);
    const placementClass = known ?? this.#newClass(request);
    if (known !== undefined) known.refresh(this.#table, this.#order, this.#journal);
    this.#classes.set(key, placementClass);
    return placementClass;
  }

  #newClass(request: PlacementRequest): PlacementClass {
    const [oldest] = this.#classes.keys();
    if (oldest !== undefined && this.#classes.size >= mostClasses) this.#classes.delete(oldest);
    const rules = request.groups.length === 0 ? this.#rules.all : this.#rules.ofClass;
    const made = new PlacementClass(request, rules, this.#order.length);
    made.build(this.#table, this.#order, this.#journal);
    return made;
  }

  #enter(host: number, id: string): void {
    const stays = this.#order.add(host, id, hashText(id), (position) => this.#journal.write(position, true));
    if (stays) return;
    this.clear();
    this.#journal = new Journal(this.#order.length);
  }

  #idAt(position: number): string {
    return this.#table.facts(this.#order.at(position)).id;
  }
}
