import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { configuration } from "../import-rules.ts";
import { fixtures, surroundings } from "./import-rules.fixtures.ts";

const { forbidden, options } = configuration;

/** A house in which each fixture stands where its import breaks the rule. */
async function buildHouse(): Promise<string> {
  const house = await mkdtemp(join(tmpdir(), "import-rules-"));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(house, "node_modules"));
  const files = new Map(Object.entries(surroundings).map(([path, imports]) => [path, [...imports]]));
  for (const { from, imports } of fixtures) files.set(from, [...(files.get(from) ?? []), imports]);
  for (const [path, imports] of files) {
    await mkdir(dirname(join(house, path)), { recursive: true });
    await writeFile(join(house, path), imports.map((module) => `import "${module}";\n`).join(""));
  }
  return house;
}

describe("the import rules", () => {
  let house: string;
  let violations: ICruiseResult["summary"]["violations"];

  beforeAll(async () => {
    house = await buildHouse();
    const { enhancedResolveOptions, ...cruiseOptions } = options;
    const { output } = await cruise(
      ["packages", "examples", "bench"],
      { ...cruiseOptions, baseDir: house, validate: true, ruleSet: { forbidden } },
      enhancedResolveOptions,
    );
    if (typeof output === "string") throw new Error(output);
    ({ violations } = output.summary);
  });
  afterAll(() => rm(house, { recursive: true }));

  it.each(fixtures)("$rule is broken by $from", ({ rule, from }) => {
    expect(violations.filter((violation) => violation.from === from).map((violation) => violation.rule.name)).toContain(
      rule,
    );
  });

  it("have a fixture each", () => {
    expect(new Set(fixtures.map(({ rule }) => rule))).toEqual(new Set(forbidden.map(({ name }) => name)));
  });

  it("let everything else pass", () => {
    const breaking = new Set(fixtures.map(({ from }) => from));
    expect(violations.filter(({ from }) => !breaking.has(from))).toEqual([]);
  });
});
