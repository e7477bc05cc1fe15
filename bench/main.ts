import { readdirSync } from "node:fs";
import type { Bench, BenchLine } from "./bench-line.ts";
import { tableOf } from "./table.ts";

/** Files here that are no bench. */
const helpers = new Set([
  "main.ts",
  "album.ts",
  "bench-line.ts",
  "lifecycle-pages.ts",
  "percentile.ts",
  "server-row.ts",
  "table.ts",
  "watch-loop.ts",
]);
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts") && !helpers.has(file))
  .map((file) => file.slice(0, -".ts".length));

const [name, ...args] = process.argv.slice(2);
if (name === undefined || !names.includes(name)) {
  const what = name === undefined ? "Which bench?" : `There is no bench ${name}.`;
  process.stderr.write(`${what} npm run bench -- NAME, where NAME is ${names.join(", ")}.\n`);
  process.exitCode = 2;
} else {
  const lines: BenchLine[] = [];
  const { default: run } = (await import(`./${name}.ts`)) as { readonly default: Bench };
  await run((line) => {
    lines.push(line);
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }, args);
  process.stderr.write(`\n${tableOf(lines)}\n`);
}
