import type { ResourceAmounts } from "@cloudhost/core/ports";
import { widened } from "./widened.ts";

/** Which host a row shows. */
export interface Shown {
  host: number;
}

/** Amounts of all hosts, a column of numbers for each resource. What no host has been told of is 0. */
export class AmountColumns {
  readonly #columns = new Map<string, { numbers: Float64Array }>();

  /** A column for a resource that had none. */
  add(resource: string): void {
    this.#columns.set(resource, { numbers: new Float64Array(0) });
  }

  /** Writes a host's amounts. @returns whether one is another than before */
  write(host: number, amounts: Readonly<ResourceAmounts>): boolean {
    const given = amounts as Readonly<Record<string, number>>;
    let changed = false;
    for (const [resource, column] of this.#columns) {
      const amount = Object.hasOwn(given, resource) ? given[resource]! : 0;
      if (host >= column.numbers.length) column.numbers = widened(column.numbers, host + 1);
      if (column.numbers[host] === amount) continue;
      column.numbers[host] = amount;
      changed = true;
    }
    return changed;
  }

  /** The amounts of the host that is shown, whichever that is when one is read. Nobody can change them. */
  row(shown: Shown): Readonly<ResourceAmounts> {
    const row = {};
    for (const [resource, column] of this.#columns) {
      Object.defineProperty(row, resource, { enumerable: true, get: () => column.numbers[shown.host] ?? 0 });
    }
    return Object.freeze(row) as Readonly<ResourceAmounts>;
  }
}
