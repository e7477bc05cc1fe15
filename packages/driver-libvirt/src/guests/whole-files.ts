import { constants } from "node:fs";
import { access, copyFile, open, rename, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";

/** Whether a path is there. */
export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Copies a file, all its bytes on disk when it returns; shares them instead where the file system can. */
export async function copyWhole(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await sync(to);
}

/** Renames a file or folder, its content on disk before it has its name, and its name before this returns. */
export async function giveName(partial: string, target: string): Promise<void> {
  await sync(partial);
  await rename(partial, target);
  await sync(dirname(target));
}

/** What a file or folder has so far is on disk when this returns. */
export async function sync(path: string): Promise<void> {
  await using file = await open(path, "r");
  await file.sync();
}

/**
 * Makes sure that copies of these files fit into a folder.
 * @throws CloudHostError `EXHAUSTED`
 */
export async function requireRoom(dir: string, paths: readonly string[], what: string): Promise<void> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).blocks * 512));
  const needed = sizes.reduce((sum, size) => sum + size, 0);
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize > needed) return;
  const resource = `disk space for ${what}`;
  throw new CloudHostError("EXHAUSTED", `There is no room for a copy of ${needed} bytes.`, { resource });
}
