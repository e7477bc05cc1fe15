/**
 * Whole numbers from 0 to below `below`, different ones, in ascending order; the same again for the same seed.
 * @param how how many
 */
export function seededPoints(seed: number, how: number, below: number): number[] {
  const points = new Set<number>();
  let state = seed >>> 0;
  while (points.size < Math.min(how, below)) {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    points.add(((mixed ^ (mixed >>> 14)) >>> 0) % below);
  }
  return [...points].toSorted((a, b) => a - b);
}
