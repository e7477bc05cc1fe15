import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type PackageJson, root, workspaces } from "./workspace.ts";

/**
 * Brings the ranges under which our packages want each other as peers up to the versions that lerna has just given
 * them; lerna itself raises only dependencies. Run by `lerna version` before it commits.
 */
function raisePeerRanges(): void {
  const versions = new Map(workspaces().map(({ json }) => [json.name, json.version]));
  for (const { folder } of workspaces()) {
    const path = join(root, folder, "package.json");
    const json = JSON.parse(readFileSync(path, "utf8")) as PackageJson;
    const peers = Object.entries(json.peerDependencies ?? {}).map(([name, range]): [string, string] => {
      const version = versions.get(name);
      return [name, version === undefined ? range : `^${version}`];
    });
    const peerDependencies = Object.fromEntries(peers);
    if (isDeepStrictEqual(peerDependencies, json.peerDependencies ?? {})) continue;
    writeFileSync(path, `${JSON.stringify({ ...json, peerDependencies }, undefined, 2)}\n`);
    execFileSync("git", ["add", path], { cwd: root });
  }
}

raisePeerRanges();
