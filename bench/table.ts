import type { BenchLine } from "./bench-line.ts";

/** A bench's figures for people: a row each, numbers flush right. */
export function tableOf(lines: readonly BenchLine[]): string {
  const rows = lines.map(({ metric, params, value, unit }) => [
    metric,
    Object.entries(params)
      .map(([name, of]) => `${name}=${String(of)}`)
      .join(" "),
    figure(value),
    unit,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Four significant digits, and thousands kept apart. */
const figure = (value: number): string =>
  value.toLocaleString("en", Math.abs(value) < 1000 ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 0 });
