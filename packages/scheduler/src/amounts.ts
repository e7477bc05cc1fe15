import { builtInResources, type ResourceAmounts } from "@cloudhost/core/ports";

/**
 * The names of all resources that the fleet knows of. Rules may read each of them from every host and every request:
 * what a host does not report, it has 0 of, and what a request does not name, it needs 0 of.
 */
export class ResourceNames {
  readonly #names = new Set<string>(builtInResources);

  /** Takes up the names of these amounts. @returns whether there was a new one */
  learn(amounts: Readonly<ResourceAmounts>): boolean {
    const before = this.#names.size;
    for (const name of Object.keys(amounts)) this.#names.add(name);
    return this.#names.size > before;
  }

  /** A frozen copy with every name, always in one order. */
  complete(amounts: Readonly<ResourceAmounts>): Readonly<ResourceAmounts> {
    const given = amounts as Readonly<Record<string, number>>;
    const all: Record<string, number> = {};
    for (const name of this.#names) all[name] = Object.hasOwn(given, name) ? given[name]! : 0;
    return Object.freeze(all as unknown as ResourceAmounts);
  }
}
