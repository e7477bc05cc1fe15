import { mkdir, open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { temporaryPath } from "./temporary.ts";

/** Writes all of the bytes, from `position` on; a call of the system may write fewer. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** Fills `into` from `position` on, and says how many bytes there were: fewer only at the end of the file. */
export async function readFully(file: FileHandle, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Makes what a folder lists durable: names that came, went or moved. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

/** Makes a folder and those above it that are missing, durably. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/**
 * Puts a file in its place: whole and durable, or not at all.
 *
 * @param temporaries a folder of the same file system for what is not finished
 * @param sync instead of {@link syncFolder}
 */
export async function writeDurably(
  path: string,
  bytes: Uint8Array,
  temporaries: string,
  sync: (folder: string) => Promise<void> = syncFolder,
): Promise<void> {
  const temporary = temporaryPath(temporaries);
  try {
    {
      await using file = await open(temporary, "wx", 0o644);
      await writeFully(file, bytes, 0);
      await file.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await sync(dirname(path));
}
