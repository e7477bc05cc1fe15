import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "../sources.ts";
import { publicPackages, root, workspaces } from "../workspace.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const references = new Set(
  (JSON.parse(read("tsconfig.json")) as { references: { path: string }[] }).references.map(({ path }) => path),
);

describe.each(workspaces().map(({ folder }) => folder))("%s", (folder) => {
  it("is checked by tsc, and so are its tests", () => {
    expect([folder, `${folder}/test`].filter((path) => !references.has(path))).toEqual([]);
  });

  it("has tests", () => {
    expect(sourceFiles(`${folder}/test/**.test.ts`).length).toBeGreaterThan(0);
  });

  it("has a README that says more than its name", () => {
    expect(read(`${folder}/README.md`).split("\n").length).toBeGreaterThan(10);
  });
});

describe.each(publicPackages().map(({ folder, json }) => [folder, json] as const))("%s", (folder, json) => {
  it("is fit to publish: licence, repository, engines, access", () => {
    expect(json).toMatchObject({
      name: `@cloudhost/${folder.split("/").at(-1)}`,
      license: "Apache-2.0",
      type: "module",
      engines: { node: ">=24" },
      repository: { directory: folder },
      publishConfig: { access: "public" },
    });
    expect(read(`${folder}/LICENSE`)).toBe(read("LICENSE"));
  });

  it("exports its sources, its types and its build under each entry", () => {
    const entries = Object.entries(json.exports ?? {}).filter(([name]) => name !== "./package.json");
    expect(entries.length).toBeGreaterThan(0);
    for (const [, targets] of entries) {
      const source = (targets as { readonly "@cloudhost/source": string })["@cloudhost/source"];
      const built = source.replace("./src/", "./dist/").slice(0, -".ts".length);
      expect(existsSync(join(root, folder, source))).toBe(true);
      expect(targets).toEqual({ "@cloudhost/source": source, types: `${built}.d.ts`, default: `${built}.js` });
    }
  });

  it("has a file for each command, which speaks up when Node is too old", () => {
    for (const path of Object.values(json.bin ?? {})) {
      const text = read(join(folder, path));
      expect(text).toMatch(/^#!\/usr\/bin\/env node\n/);
      expect(text).toMatch(/process\.versions?\b/);
    }
  });
});
