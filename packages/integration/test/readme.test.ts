import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createCloud, systemActor } from "@cloudhost/core";
import { fileSystemBackend, imageStore } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, headingsOf, programsOf } from "../../../scripts/markdown.ts";
import { sourceFiles } from "../../../scripts/sources.ts";
import { packages, root } from "../../../scripts/workspace.ts";

const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const readme = await read("README.md");

describe("the README's example", () => {
  let folder: string;
  let stdout: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "readme-"));
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const program = programsOf(readme).find(({ file }) => file === "first-cloud.ts");
    await writeFile(join(folder, "first-cloud.ts"), program?.text ?? "");
    const argv = ["--conditions=@cloudhost/source", "first-cloud.ts"];
    ({ stdout } = await promisify(execFile)(process.execPath, argv, { cwd: folder }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("says what the README says", () => {
    const said = blocksOf(readme).find(({ before }) => before.trimEnd().endsWith("It says:"));
    expect(stdout).toBe(said?.text);
  });

  it("leaves a server, an image and a snapshot, and no claim of the server that found no host", async () => {
    await using cloud = await createCloud({
      database: `sqlite:${join(folder, "state", "cloud.db")}`,
      scheduler: filterScheduler(),
      images: imageStore({ backend: fileSystemBackend(join(folder, "state", "images")) }),
      runs: "api",
    });
    const product = cloud.as(systemActor("a look at what the README's example left"));
    const servers = await Array.fromAsync(product.servers.list());
    const images = await Array.fromAsync(product.images.list());
    expect(servers.map(({ name, state }) => [name, state])).toEqual([
      ["web-1", "active"],
      ["big", "error"],
    ]);
    expect(images.map(({ name, state }) => [name, state])).toEqual([
      ["debian-12", "active"],
      ["before-upgrade", "active"],
    ]);
    const { servers: placed, resources } = await product.statistics.now();
    expect([placed, resources["milliEcu"]?.used]).toEqual([1, 4000]);
  });
});

describe("the README", () => {
  it("begins with the two commands that a newcomer needs", () => {
    const [first, second] = blocksOf(readme).map(({ text }) => text.trim());
    expect([first, second]).toEqual(["npm ci && npm run quickstart", "npm ci && npm test"]);
  });

  it.each(["README.md", "CONTRIBUTING.md", "docs/README.md", "docs/support.md"])(
    "and its neighbours name commands that there are: %s",
    async (path) => {
      const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
      const named = Array.from((await read(path)).matchAll(/npm run (?:-s )?([a-z:]+)/g), ([, name = ""]) => name);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((name) => !(name in scripts))).toEqual([]);
    },
  );

  it("has every package in its map", () => {
    const mapped = Array.from(readme.matchAll(/^\| \[`([a-z-]+)`\]\(packages\/\1\)/gm), ([, name = ""]) => name);
    expect(mapped.toSorted()).toEqual(
      packages()
        .map(({ folder }) => folder.slice("packages/".length))
        .toSorted(),
    );
  });
});

describe("the documentation's index", () => {
  it("has every page", async () => {
    const index = await read("docs/README.md");
    const pages = sourceFiles("docs/*.md").map(({ path }) => path.slice("docs/".length));
    const missing = pages.filter((page) => page !== "README.md" && !index.includes(`](${page})`));
    expect(missing).toEqual([]);
  });

  it("calls each decision by its title and number", async () => {
    const index = await read("docs/README.md");
    const titles = sourceFiles("docs/decisions/*.md").map(({ path, text }) => ({
      line: `${headingsOf(text, 1)[0]}`.replace(/^(\d+)\. (.*)$/, `$1. [$2](${path.slice("docs/".length)})`),
      number: Number(/(\d{4})-/.exec(path)?.[1]),
    }));
    expect(titles.map(({ number }) => number)).toEqual(titles.map((_, at) => at + 1));
    expect(titles.filter(({ line }) => !index.split("\n").includes(line))).toEqual([]);
  });
});
