import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { temporaryFolder } from "../subject.ts";
import { mutants } from "./mutants.ts";

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

/** Of vitest's JSON report, what is asked of it. */
const Report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), title: z.string(), status: z.string() })),
    }),
  ),
});

const suiteOf = (name: string, behaviour: string): string => `${name} as a compute driver ${behaviour}`;

/** Runs each mutant through the part of the suite that should catch it. */
async function runSuite(): Promise<z.infer<typeof Report>> {
  await using stack = new AsyncDisposableStack();
  const report = join(await temporaryFolder(stack), "report.json");
  // Vitest puts more between the names than its report does.
  const chosen = mutants.map(({ name, behaviour }) => `${name} .* ${behaviour} `).join("|");
  const args = ["run", "--config", join(import.meta.dirname, "vitest.config.ts"), "--testNamePattern", chosen];
  // It fails, as it should: what counts is which cases.
  await promisify(execFile)(process.execPath, [vitest, ...args, "--reporter=json", `--outputFile=${report}`]).catch(
    () => {},
  );
  return Report.parse(JSON.parse(await readFile(report, "utf8")));
}

describe("the compute suite catches a driver", () => {
  let cases: z.infer<typeof Report>["testResults"][number]["assertionResults"] = [];
  beforeAll(async () => {
    cases = (await runSuite()).testResults.flatMap(({ assertionResults }) => assertionResults);
  }, 300_000);

  it.for(mutants)("$name", ({ name, behaviour, caught }) => {
    const own = cases.filter(({ fullName }) => fullName.startsWith(suiteOf(name, behaviour)));
    const failed = own.filter(({ status }) => status === "failed").map(({ title }) => title);
    expect(failed).toEqual(caught);
  });
});
