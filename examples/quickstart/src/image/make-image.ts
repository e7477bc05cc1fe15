import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { copyFile, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { bytesFromMib } from "@cloudhost/core";
import { realFiles } from "./real-files.ts";
import type { RealFile } from "./real-files.ts";

/** A disk image made on the spot. */
export interface MadeImage {
  readonly path: string;
  readonly logicalBytes: number;
  readonly files: number;
  readonly fileBytes: number;
  readonly layout: "ext4" | "plain";
}

const diskBytes = bytesFromMib(128);
const mostFileBytes = bytesFromMib(72);
const mostFiles = 2000;

/**
 * Makes a raw disk image of real files: an ext4 file system where mke2fs is installed, else the files one behind the
 * other. Nothing is downloaded, and no root is needed.
 *
 * @param folder is made where it does not exist
 * @param mke2fs the program, or `undefined` where there is none
 */
export async function makeImage(folder: string, mke2fs: string | undefined, signal: AbortSignal): Promise<MadeImage> {
  const files = await realFiles(mostFileBytes, mostFiles);
  const draft = join(folder, "image.draft");
  await mkdir(folder, { recursive: true });
  if (mke2fs === undefined) await layPlainly(draft, files, signal);
  else await layAsExt4(mke2fs, folder, draft, files, signal);
  const path = join(folder, "image.raw");
  await rename(draft, path);
  const fileBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    path,
    logicalBytes: diskBytes,
    files: files.length,
    fileBytes,
    layout: mke2fs === undefined ? "plain" : "ext4",
  };
}

async function layAsExt4(
  mke2fs: string,
  folder: string,
  path: string,
  files: readonly RealFile[],
  signal: AbortSignal,
): Promise<void> {
  const root = join(folder, "files");
  await rm(root, { recursive: true, force: true });
  await mkdir(root);
  for (const { path: source, name } of files) {
    signal.throwIfAborted();
    await mkdir(dirname(join(root, name)), { recursive: true });
    await copyFile(source, join(root, name), constants.COPYFILE_FICLONE);
  }
  // A fixed identity and date, so that the same files make nearly the same image.
  const identity = "6e616d65-6420-4279-8074-686520746573";
  const args = ["-q", "-F", "-t", "ext4", "-O", "^has_journal", "-U", identity, "-E", `hash_seed=${identity}`];
  await promisify(execFile)(mke2fs, [...args, "-d", root, path, `${diskBytes / 1024}k`], {
    env: { ...process.env, E2FSPROGS_FAKE_TIME: "1750000000" },
    signal,
  });
  await rm(root, { recursive: true });
}

/** Each file begins at a block of its own, as it would in a file system. */
async function layPlainly(path: string, files: readonly RealFile[], signal: AbortSignal): Promise<void> {
  const blockBytes = 4096;
  await using image = await open(path, "w");
  await image.truncate(diskBytes);
  let position = blockBytes;
  for (const { path: source, bytes } of files) {
    signal.throwIfAborted();
    if (position + bytes > diskBytes) break;
    await using file = await open(source);
    await image.write(await file.readFile(), 0, undefined, position);
    position += Math.ceil(bytes / blockBytes) * blockBytes;
  }
}
