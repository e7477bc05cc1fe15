import { isBuiltin } from "node:module";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { type SourceFile, sourceFiles } from "../sources.ts";
import { type PackageJson, type Workspace, packages, workspaces } from "../workspace.ts";

/** Declared though no source names them. */
const silent: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "@cloudhost/core": {
    "reflect-metadata": "inversify imports it and leaves its installation to its users",
    pg: "knex loads it by its name when a database is PostgreSQL",
  },
};

const peersOf = new Map(packages().map(({ json }) => [json.name, Object.keys(json.peerDependencies ?? {})]));

/** Names of the packages that these files import, types included; not Node's own and not itself. */
function importedBy({ json }: Workspace, files: readonly SourceFile[]): Set<string> {
  const specifiers = files.flatMap(({ text }) =>
    ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName),
  );
  const names = specifiers
    .filter((specifier) => !specifier.startsWith(".") && !isBuiltin(specifier))
    .map((specifier) => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/"));
  return new Set(names.filter((name) => name !== json.name));
}

const declaredBy = ({ dependencies, peerDependencies }: PackageJson): string[] =>
  Object.keys({ ...dependencies, ...peerDependencies });

/** Peers of its dependencies of ours, which whoever uses them must bring. */
const broughtFor = (json: PackageJson): Set<string> =>
  new Set(declaredBy(json).flatMap((name) => peersOf.get(name) ?? []));

describe.each(workspaces().map((workspace) => [workspace.json.name, workspace] as const))("%s", (name, workspace) => {
  const { folder, json } = workspace;
  const imported = importedBy(workspace, sourceFiles(`${folder}/src/**.ts`, `${folder}/bin/*.js`));
  // What is not published is there for its tests.
  const byTests = json.private === true ? importedBy(workspace, sourceFiles(`${folder}/test/**.ts`)) : [];

  it("declares every package that its sources import", () => {
    const declared = new Set(declaredBy(json));
    expect([...imported].filter((dependency) => !declared.has(dependency))).toEqual([]);
  });

  it("declares no other", () => {
    const known = new Set([...imported, ...byTests, ...broughtFor(json), ...Object.keys(silent[name] ?? {})]);
    expect(declaredBy(json).filter((dependency) => !known.has(dependency))).toEqual([]);
  });
});
