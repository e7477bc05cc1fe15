import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packAll, type Tarball } from "./pack.ts";
import { publicPackages, root } from "./workspace.ts";

/**
 * What users get: installs the packed packages in an empty project outside the repository, type-checks a program
 * that uses them, runs it with plain node, and asks each command for its help.
 */
async function checkPacked(folder: string): Promise<void> {
  const project = join(folder, "project");
  await mkdir(project);
  await writeProject(project, await packAll(root, folder));
  run(project, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]);
  run(project, join(root, "node_modules/.bin/tsc"), ["--project", "."]);
  run(project, "node", ["entries.ts"]);
  run(project, "node", ["program.ts"]);
  for (const { json } of publicPackages()) {
    for (const command of Object.keys(json.bin ?? {})) run(project, join("node_modules/.bin", command), ["--help"]);
  }
}

async function writeProject(project: string, tarballs: readonly Tarball[]): Promise<void> {
  const dependencies = {
    ...Object.fromEntries(tarballs.map(({ name, path }) => [name, `file:${path}`])),
    "@types/node": "^24",
    "better-sqlite3": "^13",
  };
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    erasableSyntaxOnly: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const write = (file: string, value: unknown): Promise<void> => writeFile(join(project, file), JSON.stringify(value));
  await write("package.json", { name: "somebody", private: true, type: "module", dependencies });
  await write("tsconfig.json", { compilerOptions, include: ["*.ts"] });
  await writeFile(join(project, "entries.ts"), importAll());
  await cp(join(root, "scripts/packed/program.ts"), join(project, "program.ts"));
}

/** A program that imports every entry that is not a command's. */
function importAll(): string {
  const entries = publicPackages().flatMap(({ json }) =>
    Object.keys(json.exports ?? {})
      .filter((entry) => entry !== "./package.json" && entry !== "./cli")
      .map((entry) => `${json.name}${entry.slice(1)}`),
  );
  const imports = entries.map((entry, index) => `import * as entry${index} from ${JSON.stringify(entry)};\n`);
  const names = entries.map((_, index) => `entry${index}`);
  return `${imports.join("")}console.log([${names.join(", ")}].map((entry) => Object.keys(entry).length));\n`;
}

function run(cwd: string, program: string, args: readonly string[]): void {
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`);
  process.stdout.write(`ok   ${program.split("/").at(-1)} ${args.join(" ")}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "cloudhost-packed-"));
try {
  await checkPacked(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
