import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";

/** A file that is there, and what it is called below the folder it was found in. */
export interface RealFile {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
}

const modules = resolve(import.meta.dirname, "../../../../node_modules");

/** Where files are taken from, in this order: programs, sources and texts that whoever runs this has already. */
const places = [join(modules, "typescript"), join(modules, "better-sqlite3"), "/usr/share/doc", "/usr/share"];

/**
 * Files of this machine, at most so many bytes of them and so many files, in the order of their names: the same again
 * on a machine where the same is installed.
 */
export async function realFiles(mostBytes: number, mostFiles: number): Promise<readonly RealFile[]> {
  const found: RealFile[] = [];
  let bytes = 0;
  for (const place of places) {
    for await (const file of filesBelow(place, "")) {
      if (found.length >= mostFiles) return found;
      if (bytes + file.bytes > mostBytes) continue;
      found.push({ ...file, name: join(place.split("/").at(-1) ?? "", file.name) });
      bytes += file.bytes;
    }
    // Half of what was asked for is plenty: the later places are for machines without the earlier ones.
    if (bytes > mostBytes / 2) break;
  }
  return found;
}

async function* filesBelow(folder: string, name: string): AsyncGenerator<RealFile> {
  const path = join(folder, name);
  const entries: Dirent[] = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const inner = join(name, entry.name);
    if (entry.isDirectory()) yield* filesBelow(folder, inner);
    else if (entry.isFile()) {
      const { size } = await stat(join(folder, inner));
      yield { path: join(folder, inner), name: inner, bytes: size };
    }
  }
}
