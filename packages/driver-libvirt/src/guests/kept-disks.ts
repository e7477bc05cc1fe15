import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import { throwIfCancelled } from "../errors.ts";
import { isDiskFile, partialSuffix } from "./files.ts";
import type { GuestFiles } from "./files.ts";
import { copyWhole, giveName, isThere, requireRoom, sync } from "./whole-files.ts";

/**
 * Copies a stopped guest's disks into a folder that has its name once all of them are there.
 * @throws CloudHostError `EXHAUSTED`, `CANCELLED`
 */
export async function keepDisks(files: GuestFiles, keepId: string, signal?: AbortSignal): Promise<void> {
  const target = files.kept(keepId);
  if (await isThere(target)) return;
  const partial = `${target}${partialSuffix}`;
  const names = await diskFiles(files.dir);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await requireRoom(partial, within(files.dir, names), "kept disks");
    for (const name of names) {
      throwIfCancelled(signal, `keeping disks as ${keepId}`);
      await copyWhole(join(files.dir, name), join(partial, name));
    }
    await giveName(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Puts what was kept in the place of a stopped guest's disks. All copies are made first; from the moment that the mark
 * is there, they all come into their places, by {@link finishRestoring} after a crash.
 *
 * @throws CloudHostError `NOT_FOUND`, `EXHAUSTED`, `CANCELLED`
 */
export async function restoreDisks(files: GuestFiles, keepId: string, signal?: AbortSignal): Promise<void> {
  await finishRestoring(files);
  const kept = files.kept(keepId);
  if (!(await isThere(kept))) {
    throw new CloudHostError("NOT_FOUND", `No disks are kept as ${keepId}.`, { resource: "kept disks", id: keepId });
  }
  const names = await diskFiles(kept);
  try {
    await requireRoom(files.dir, within(kept, names), "restored disks");
    for (const name of names) {
      throwIfCancelled(signal, `restoring disks kept as ${keepId}`);
      await copyWhole(join(kept, name), restoring(files, name));
    }
    await writeFile(`${files.restoring}${partialSuffix}`, JSON.stringify(names));
    await giveName(`${files.restoring}${partialSuffix}`, files.restoring);
  } catch (error) {
    await removeCopies(files);
    throw error;
  }
  await finishRestoring(files);
}

/** Goes on where a restoring was left: to its end when every copy was made, back to its beginning otherwise. */
export async function finishRestoring(files: GuestFiles): Promise<void> {
  if (!(await isThere(files.restoring))) return removeCopies(files);
  for (const name of JSON.parse(await readFile(files.restoring, "utf8")) as string[]) {
    // One that is in its place already was renamed before the crash.
    if (await isThere(restoring(files, name))) await rename(restoring(files, name), join(files.dir, name));
  }
  await sync(files.dir);
  await rm(files.restoring);
}

/** Lets go what was kept. It loses its name first: what has one is whole. */
export async function dropDisks(files: GuestFiles, keepId: string): Promise<void> {
  const kept = files.kept(keepId);
  const dropping = `${kept}${partialSuffix}`;
  await rm(dropping, { recursive: true, force: true });
  if (await isThere(kept)) await rename(kept, dropping);
  await rm(dropping, { recursive: true, force: true });
}

const restoring = (files: GuestFiles, name: string): string => join(files.dir, `${name}${restoringSuffix}`);
const restoringSuffix = ".restoring";

const within = (dir: string, names: readonly string[]): string[] => names.map((name) => join(dir, name));

const diskFiles = async (dir: string): Promise<string[]> => (await readdir(dir)).filter(isDiskFile);

async function removeCopies({ dir, restoring: mark }: GuestFiles): Promise<void> {
  await rm(`${mark}${partialSuffix}`, { force: true });
  for (const name of await readdir(dir)) {
    if (name.endsWith(restoringSuffix)) await rm(join(dir, name), { force: true });
  }
}
