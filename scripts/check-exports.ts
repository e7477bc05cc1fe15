import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { packAll, type Tarball } from "./pack.ts";
import { root } from "./workspace.ts";

/** What publint finds wrong in a package as it would be published. */
async function faultsOf({ path }: Tarball): Promise<string[]> {
  const file = await readFile(path);
  const { messages, pkg } = await publint({ pack: { tarball: Uint8Array.from(file).buffer }, strict: true });
  return messages.map((message) => formatMessage(message, pkg ?? {}) ?? message.code);
}

/** What attw says when an entry's types cannot be resolved by an ESM program. */
function typeFaultsOf({ path }: Tarball): string[] {
  const { status, stdout } = spawnSync("attw", [path, "--profile", "esm-only", "--format", "ascii", "--no-color"], {
    encoding: "utf8",
  });
  return status === 0 ? [] : [stdout];
}

const folder = await mkdtemp(join(tmpdir(), "cloudhost-exports-"));
try {
  for (const tarball of await packAll(root, folder)) {
    const faults = [...(await faultsOf(tarball)), ...typeFaultsOf(tarball)];
    process.stdout.write(`${faults.length === 0 ? "ok  " : "BAD "} ${tarball.name}\n`);
    for (const fault of faults) process.stderr.write(`     ${fault.replaceAll("\n", "\n     ")}\n`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
