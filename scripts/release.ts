import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { packAll } from "./pack.ts";
import { packages, root } from "./workspace.ts";

const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });

/** Runs a program to its end, its output being ours. @throws Error when it fails */
function run(cwd: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}`);
}

/** Versions, changelogs and tags go to the remote first; what is published is what was tagged. */
function release(): void {
  run(root, "npm", ["run", "check"]);
  run(root, "lerna", ["version"]);
  run(root, "npm", ["run", "build"]);
  run(root, "lerna", ["publish", "from-package"]);
}

/** All of a release but its publication, in a clone that is thrown away: this tree and the network stay untouched. */
async function rehearse(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "cloudhost-release-"));
  try {
    const clone = join(folder, "repository");
    run(root, "git", ["clone", "--quiet", root, clone]);
    run(clone, "git", ["switch", "--quiet", "--force-create", "main"]);
    await lendModules(clone);
    run(clone, "lerna", ["version", "--yes", "--no-push"], offline);
    run(clone, "tsc", ["-b", ...packages(clone).map((workspace) => workspace.folder)]);
    const tarballs = await packAll(clone, folder);
    process.stdout.write("\nA release would publish:\n");
    for (const { name, version, files, bytes } of tarballs) {
      process.stdout.write(`  ${`${name}@${version}`.padEnd(34)} ${files} files, ${Math.ceil(bytes / 1024)} KiB\n`);
    }
    run(clone, "git", ["log", "--max-count=1", "--stat", "--format=%nIn one commit:"]);
    process.stdout.write("\nNothing was published, pushed or changed here.\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const offline = {
  npm_config_offline: "true",
  GIT_AUTHOR_NAME: "rehearsal",
  GIT_AUTHOR_EMAIL: "rehearsal@localhost",
  GIT_COMMITTER_NAME: "rehearsal",
  GIT_COMMITTER_EMAIL: "rehearsal@localhost",
};

/** Gives a clone our installed modules by links, and its own packages in place of ours. */
async function lendModules(clone: string): Promise<void> {
  const modules = join(clone, "node_modules");
  await mkdir(join(modules, "@cloudhost"), { recursive: true });
  for (const name of await readdir(join(root, "node_modules"))) {
    if (name !== "@cloudhost") await symlink(join(root, "node_modules", name), join(modules, name));
  }
  for (const { folder, json } of packages(clone)) {
    await symlink(join(clone, folder), join(modules, json.name));
    await lendOwnModules(join(root, folder, "node_modules"), join(clone, folder, "node_modules"));
  }
}

/** Those that a package has in another version than the rest, where it has some. Hidden ones are caches. */
async function lendOwnModules(from: string, to: string): Promise<void> {
  const names = (await readdir(from).catch(() => [])).filter((name) => !name.startsWith("."));
  if (names.length > 0) await mkdir(to, { recursive: true });
  for (const name of names) await symlink(join(from, name), join(to, name));
}

if (values["dry-run"]) await rehearse();
else release();
