/**
 * After the host tests: prints their ledger as JSON, and fails when one of its figures is zero or when another number
 * of tests passed than `.ci/host-tests.json` expects.
 *
 *     node scripts/check-ledger.ts LEDGER REPORT
 *
 * LEDGER is the file that `CLOUDHOST_LEDGER` named; REPORT is vitest's, in JSON.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sumLedger, zerosIn } from "./ledger.ts";
import { root } from "./workspace.ts";

const [ledgerPath = "", reportPath = ""] = process.argv.slice(2);
const ledger = sumLedger(readFileSync(ledgerPath, "utf8"));
const { numPassedTests } = JSON.parse(readFileSync(reportPath, "utf8")) as { readonly numPassedTests: number };
const expected = JSON.parse(readFileSync(join(root, ".ci/host-tests.json"), "utf8")) as { readonly tests: number };

process.stdout.write(`${JSON.stringify({ ...ledger, tests: numPassedTests })}\n`);

const faults = zerosIn(ledger).map((name) => `The ledger has 0 ${name}.`);
if (numPassedTests !== expected.tests) {
  faults.push(`${numPassedTests} host tests passed, and .ci/host-tests.json expects ${expected.tests}.`);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
