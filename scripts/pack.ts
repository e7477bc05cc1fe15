import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { publicPackages } from "./workspace.ts";

/** A package as npm would publish it. */
export interface Tarball {
  readonly name: string;
  readonly version: string;
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
}

interface PackReport {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly size: number;
  readonly entryCount: number;
}

/** Packs every public package of a built repository into a folder that exists. */
export async function packAll(repository: string, folder: string): Promise<readonly Tarball[]> {
  const chosen = publicPackages(repository).flatMap(({ json }) => ["--workspace", json.name]);
  const { stdout } = await promisify(execFile)(
    "npm",
    ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, ...chosen],
    { cwd: repository, maxBuffer: 64 * 2 ** 20 },
  );
  return (JSON.parse(stdout) as PackReport[]).map(({ name, version, filename, size, entryCount }) => ({
    name,
    version,
    path: join(folder, filename),
    bytes: size,
    files: entryCount,
  }));
}
