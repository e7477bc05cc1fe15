/** The value that this share of all is below; 0 when there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** To hundredths. */
export const round = (value: number): number => Math.round(value * 100) / 100;
