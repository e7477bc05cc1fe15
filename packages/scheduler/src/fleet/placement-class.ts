import type { Filter, HostView, PlacementRequest } from "@cloudhost/core/ports";
import { passes, verdictOf } from "../verdict.ts";
import { empty, type HostOrder } from "./host-order.ts";
import type { HostTable } from "./host-table.ts";
import type { Journal } from "./journal.ts";
import { MaxTree, nobody } from "./max-tree.ts";
import type { RulePart } from "./rule-split.ts";

/** What is known of a host from filters that look at nothing that claims change. */
const unknown = 0;
const passed = 1;
const turnedAway = 2;

const isOfClaims = ({ reads }: Filter): boolean =>
  reads.host.some((field) => field === "free" || field.startsWith("free."));

/**
 * What the rules say of every host for requests that they cannot tell apart. Kept up lazily: before it is asked, hosts
 * that changed since are looked at again, and after a claim only by the filters that look at what is free.
 */
export class PlacementClass {
  /** The hosts' weights by position; `nobody` where there is no host that passes. */
  readonly weights: MaxTree;
  readonly #request: PlacementRequest;
  readonly #rules: RulePart;
  readonly #ofClaims: readonly Filter[];
  readonly #known: Uint8Array;
  #seen = 0;

  /**
   * @param request any of the class
   * @param rules those that its answers are of
   * @param length how many positions there are
   */
  constructor(request: PlacementRequest, rules: RulePart, length: number) {
    this.#request = request;
    this.#rules = rules;
    this.#ofClaims = rules.filters.filter(isOfClaims);
    this.#known = new Uint8Array(length);
    this.weights = new MaxTree(length);
  }

  /** Looks at all hosts, anew. */
  build(table: HostTable, order: HostOrder, journal: Journal): void {
    this.#known.fill(unknown);
    // In the order in which they lie in memory, which is not that of their positions.
    this.weights.fill((put) => {
      for (const host of table.numbers()) {
        const position = order.positionOf(host);
        put(position, this.#weigh(host, position, table));
      }
    });
    this.#seen = journal.written;
  }

  /** Looks again at hosts that changed. */
  refresh(table: HostTable, order: HostOrder, journal: Journal): void {
    if (this.#seen === journal.written) return;
    if (!journal.reaches(this.#seen)) {
      this.build(table, order, journal);
      return;
    }
    journal.read(this.#seen, (position, facts) => {
      if (facts) this.#known[position] = unknown;
      const host = order.at(position);
      this.weights.set(position, host === empty ? nobody : this.#weigh(host, position, table));
    });
    this.#seen = journal.written;
  }

  #weigh(host: number, position: number, table: HostTable): number {
    if (this.#known[position] === turnedAway) return nobody;
    const view = table.show(host);
    const isLetPass =
      this.#known[position] === passed ? passes(this.#ofClaims, this.#request, view) : this.#ask(position, view);
    return isLetPass ? this.#rules.weigh(this.#request, view) : nobody;
  }

  /** Asks the whole chain, and notes what holds until more changes than what is free. */
  #ask(position: number, view: HostView): boolean {
    for (const filter of this.#rules.filters) {
      if (verdictOf(filter, this.#request, view) === true) continue;
      if (!isOfClaims(filter)) this.#known[position] = turnedAway;
      return false;
    }
    this.#known[position] = passed;
    return true;
  }
}
