import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { errorCodes } from "@cloudhost/core/ports";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headingsOf, programsOf, relativeLinksOf } from "../markdown.ts";
import { sourceFiles } from "../sources.ts";
import { root } from "../workspace.ts";

const texts = sourceFiles("*.md");
const withPrograms = texts.map(({ path, text }) => ({ path, programs: programsOf(text) }));

/** What tsc says of the programs in a folder; of the packages that they use, nothing. */
function typeErrorsOf(folder: string, files: readonly string[]): string[] {
  const base = ts.readConfigFile(join(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path));
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...(base.config as { readonly compilerOptions: object }).compilerOptions,
      composite: false,
      declarationMap: false,
      noEmit: true,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      customConditions: ["@cloudhost/source"],
    },
    folder,
  );
  const program = ts.createProgram(
    files.map((file) => join(folder, file)),
    options,
  );
  return files.flatMap((file) => {
    const source = program.getSourceFile(join(folder, file));
    return ts
      .getPreEmitDiagnostics(program, source)
      .map(({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  });
}

describe.each(withPrograms.filter(({ programs }) => programs.length > 0))("the programs in $path", ({ programs }) => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "documented-"));
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    for (const { file, text } of programs) await writeFile(join(folder, file), text);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("compile", () => {
    const files = programs.map(({ file }) => file);
    expect(typeErrorsOf(folder, files)).toEqual([]);
  });

  for (const { file, prints } of programs) {
    if (prints === undefined) continue;
    it(`print what the text says: ${file}`, async () => {
      const { stdout } = await promisify(execFile)("node", ["--conditions=@cloudhost/source", file], { cwd: folder });
      expect(stdout).toBe(prints);
    });
  }
});

describe("the documentation", () => {
  it.each(texts)("$path links to files that are there", ({ path, text }) => {
    const lost = relativeLinksOf(text).filter((target) => !existsSync(join(root, dirname(path), target)));
    expect(lost).toEqual([]);
  });

  it("has a heading for every error code, in their order", () => {
    const errors = texts.find(({ path }) => path === "docs/errors.md");
    expect(headingsOf(errors?.text ?? "", 2)).toEqual(errorCodes);
  });
});
