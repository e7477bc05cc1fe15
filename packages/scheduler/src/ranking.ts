/** A host that passed, and how good it is. */
export interface Ranked {
  readonly id: string;
  readonly weight: number;
  /** Orders hosts of one weight. */
  readonly tie: number;
}

/** Keeps the best few of many: a request rarely needs its third choice, and never its hundredth. */
export class Ranking {
  readonly #best: Ranked[] = [];
  readonly #places: number;

  constructor(places: number) {
    this.#places = places;
  }

  add(host: Ranked): void {
    const worst = this.#best[this.#places - 1];
    if (worst !== undefined && !isBetter(host, worst)) return;
    let place = Math.min(this.#best.length, this.#places - 1);
    for (; place > 0 && isBetter(host, this.#best[place - 1]!); place -= 1) this.#best[place] = this.#best[place - 1]!;
    this.#best[place] = host;
  }

  /** Ids, best first. */
  ids(): readonly string[] {
    return this.#best.map(({ id }) => id);
  }
}

function isBetter(a: Ranked, b: Ranked): boolean {
  if (a.weight !== b.weight) return a.weight > b.weight;
  return a.tie !== b.tie ? a.tie < b.tie : a.id < b.id;
}
