/**
 * Which positions changed, in order, so that a class of requests that was not asked for long looks again at these and
 * at no others, and at each of them once.
 */
export class Journal {
  readonly #positions: Int32Array;
  /** When a position changed last, as a count of changes. */
  readonly #changedAt: Float64Array;
  readonly #factsChangedAt: Float64Array;
  #written = 0;

  /** @param length how many positions there are: so many changes are remembered */
  constructor(length: number) {
    this.#positions = new Int32Array(length);
    this.#changedAt = new Float64Array(length);
    this.#factsChangedAt = new Float64Array(length).fill(-1);
  }

  /** How many changes there were. */
  get written(): number {
    return this.#written;
  }

  write(position: number, facts: boolean): void {
    this.#positions[this.#written % this.#positions.length] = position;
    this.#changedAt[position] = this.#written;
    if (facts) this.#factsChangedAt[position] = this.#written;
    this.#written += 1;
  }

  /** Whether all changes since then are remembered. */
  reaches(since: number): boolean {
    return this.#written - since <= this.#positions.length;
  }

  /** Tells each position that changed since then, once. */
  read(since: number, tell: (position: number, facts: boolean) => void): void {
    for (let index = since; index < this.#written; index += 1) {
      const position = this.#positions[index % this.#positions.length]!;
      if (this.#changedAt[position] === index) tell(position, this.#factsChangedAt[position]! >= since);
    }
  }
}
