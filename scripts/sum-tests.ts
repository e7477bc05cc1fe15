/**
 * Adds up vitest's JSON reports and prints `N passed, N failed`, the last line of `.ci/run`. As failed count also a file
 * whose tests could not begin, a test that was skipped though nothing is missing here (`.ci/allowed-skips.json`), a
 * report that is not there, and each further failure that is told. Before that line come the failed tests and why, since
 * of a long run often only the end is kept.
 *
 *     node scripts/sum-tests.ts FURTHER-FAILURES REPORT...
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AllowedSkip, failures, notBegun, type TestReport, wronglySkipped } from "./test-reports.ts";
import { root } from "./workspace.ts";

/** In characters. A failure's message may hold a whole report of kills. */
const longestFailure = 2_000;

const [further = "0", ...paths] = process.argv.slice(2);
const allowed = JSON.parse(readFileSync(join(root, ".ci/allowed-skips.json"), "utf8")) as readonly AllowedSkip[];
let passed = 0;
let failed = Number(further);
for (const path of paths) {
  if (!existsSync(path)) {
    process.stderr.write(`There is no report ${path}: the run was cut off.\n`);
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, "utf8")) as TestReport;
  const faults = [
    ...notBegun(report).map((file) => `Its tests could not begin: ${file}`),
    ...wronglySkipped(report, allowed).map((test) => `Skipped, though nothing may be missing here: ${test}`),
  ];
  for (const failure of failures(report)) process.stderr.write(`Failed: ${failure.slice(0, longestFailure)}\n`);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  passed += report.numPassedTests;
  failed += report.numFailedTests + faults.length;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
