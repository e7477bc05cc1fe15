import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const packages = fileURLToPath(new URL("../../../", import.meta.url));
const bundles = join(packages, "../node_modules/.cache/cloudhost-crash");

/** The child, and what its threads and agents load by a URL of its own. */
const entries = [
  "integration/src/crash/child.ts",
  "core/src/agent/heartbeat-worker.ts",
  "core/src/database/sqlite/sqlite-worker.ts",
  "driver-fake/src/compute-module.ts",
  "driver-fake/src/network-module.ts",
  "image-store/src/codec/chunk-worker.ts",
];

let program: Promise<string> | undefined;

/** The path of the child's program as one file: a thousand children load it, and its sources take three times as long. */
export function bundledChild(): Promise<string> {
  program ??= bundle();
  return program;
}

async function bundle(): Promise<string> {
  await using build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [basename(entry, ".ts"), join(packages, entry)])),
    platform: "node",
    external: [/^node:/, /^(better-sqlite3|knex|pg)(\/|$)/],
    resolve: { conditionNames: ["@cloudhost/source", "node", "import"] },
    plugins: [{ name: "own URLs", transform: { filter: { id: /\/packages\/.*\.ts$/ }, handler: withOwnUrl } }],
  });
  const { output } = await build.generate({ format: "esm", entryFileNames: "[name].js", chunkFileNames: "[hash].js" });
  const files = output.map((file) => [file.fileName, "code" in file ? file.code : file.source] as const);
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  const folder = join(bundles, hash);
  if (!existsSync(folder)) {
    await mkdir(bundles, { recursive: true });
    const part = await mkdtemp(join(bundles, "part-"));
    for (const [name, text] of files) await writeFile(join(part, name), text);
    // Whoever of several processes is first: all have the same.
    await rename(part, folder).catch(() => rm(part, { recursive: true }));
  }
  return join(folder, "child.js");
}

/** A module that is told where it is would find the bundle; it shall find the entry of its name there. */
function withOwnUrl(code: string, id: string): string {
  return code.replaceAll("import.meta.url", `new URL("./${basename(id, ".ts")}.js", import.meta.url).href`);
}
