/**
 * Adds up vitest's JSON reports and prints `N passed, N failed`, the last line of `.ci/run`. A file whose tests could
 * not begin, a report that is not there, and each further failure that is told, count as one failed.
 *
 *     node scripts/sum-tests.ts FURTHER-FAILURES REPORT...
 */
import { existsSync, readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

const [further = "0", ...paths] = process.argv.slice(2);
let passed = 0;
let failed = Number(further);
for (const path of paths) {
  if (!existsSync(path)) {
    failed += 1;
    continue;
  }
  const report = JSON.parse(readFileSync(path, "utf8")) as Report;
  const notBegun = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  passed += report.numPassedTests;
  failed += report.numFailedTests + notBegun.length;
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
