/** No weight at all: nobody is here, or who is here was turned away. */
export const nobody: number = Number.NEGATIVE_INFINITY;

/** Children of a node: what fills a cache line of 64 bytes. */
const fanOut = 16;
const shift = 4;

/**
 * Weights in a row, and above them the largest of every sixteen, level by level: one weight changes, and the largest
 * from some position on is found, in as many steps as there are levels (five for a million).
 */
export class MaxTree {
  /** The weights first, the largest of all last; each padded to whole nodes. */
  readonly #levels: Float32Array[] = [];

  /** @param length how many weights there are; all are {@link nobody} */
  constructor(length: number) {
    let left = Math.max(1, length);
    do {
      left = Math.ceil(left / fanOut);
      this.#levels.push(new Float32Array(left * fanOut).fill(nobody));
    } while (left > 1);
  }

  /** The largest weight. */
  get best(): number {
    const top = this.#levels.at(-1)!;
    return largest(top, 0);
  }

  get(position: number): number {
    return this.#levels[0]![position]!;
  }

  set(position: number, weight: number): void {
    const levels = this.#levels;
    levels[0]![position] = weight;
    let child = position;
    for (let level = 1; level < levels.length; level += 1) {
      const parent = child >> shift;
      const most = largest(levels[level - 1]!, parent << shift);
      if (levels[level]![parent] === most) return;
      levels[level]![parent] = most;
      child = parent;
    }
  }

  /** Sets many weights, each at its position, in whatever order they are told. */
  fill(tell: (put: (position: number, weight: number) => void) => void): void {
    const [weights, ...above] = this.#levels;
    tell((position, weight) => {
      weights![position] = weight;
    });
    let below = weights!;
    for (const level of above) {
      for (let node = 0; node < below.length >> shift; node += 1) level[node] = largest(below, node << shift);
      below = level;
    }
  }

  /** The first position from there on whose weight is this one or larger; -1 if there is none. */
  firstFrom(position: number, weight: number): number {
    let at = position;
    for (const [level, values] of this.#levels.entries()) {
      const end = Math.min((at | (fanOut - 1)) + 1, values.length);
      for (; at < end; at += 1) if (values[at]! >= weight) return this.#descend(level, at, weight);
      at = end >> shift;
    }
    return -1;
  }

  #descend(from: number, node: number, weight: number): number {
    let at = node;
    for (let level = from - 1; level >= 0; level -= 1) {
      const values = this.#levels[level]!;
      at <<= shift;
      while (values[at]! < weight) at += 1;
    }
    return at;
  }
}

function largest(values: Float32Array, from: number): number {
  let most = values[from]!;
  for (let at = from + 1; at < from + fanOut; at += 1) if (values[at]! > most) most = values[at]!;
  return most;
}
