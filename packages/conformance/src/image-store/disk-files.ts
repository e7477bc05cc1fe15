import { execFile } from "node:child_process";
import { createCipheriv } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** Bytes of a chunk of an image's address space. */
export const chunkBytes = 4_194_304;

/** A raw disk to write. */
export interface RawDisk {
  /** Of its address space; a last chunk may be shorter. */
  readonly bytes: number;
  /** What is in which chunk, by number: a seed, of which each gives other bytes. The rest are holes. */
  readonly chunks: Readonly<Record<number, number>>;
}

/** The bytes of a seed, which do not compress. */
export function seededBytes(seed: number, length: number): Buffer {
  const key = Buffer.alloc(16);
  key.writeUInt32BE(seed, 0);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Writes a sparse file. */
export async function writeRawDisk(path: string, { bytes, chunks }: RawDisk): Promise<void> {
  await using file = await open(path, "w");
  await file.truncate(bytes);
  for (const [index, seed] of Object.entries(chunks)) {
    const start = Number(index) * chunkBytes;
    await file.write(seededBytes(seed, Math.min(chunkBytes, bytes - start)), 0, undefined, start);
  }
}

/** Whether two files have the same bytes. */
export async function sameFiles(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([readFile(one), readFile(other)]);
  return a.equals(b);
}

const run = promisify(execFile);

/** Runs qemu-img; what is on this machine decides which cases of qcow2 can run. */
export const qemuImg = async (...args: readonly string[]): Promise<void> => void (await run("qemu-img", args));

/** Writes 64 KiB of sevens into a qcow2, as its guest would. */
export const guestWrites = async (path: string, offset: number): Promise<void> =>
  void (await run("qemu-io", ["-f", "qcow2", "-c", `write -q -P 7 ${offset} 65536`, path]));

/** Whether qemu-img is installed, and qemu-io, which comes with it. */
export async function hasQemuImg(): Promise<boolean> {
  try {
    await qemuImg("--version");
    return true;
  } catch {
    return false;
  }
}
