import { execFile } from "node:child_process";
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { DiskSource } from "@cloudhost/core/ports";

const run = promisify(execFile);

/** A disk as the guest sees it. */
export interface Picture {
  /** The guest's address space. */
  readonly logicalBytes: number;
  /** Its beginning, as far as was asked. */
  readonly head: Buffer;
}

/** Reads the beginning of a disk; a qcow2 through `qemu-img`, which may open the files of the chain and no other. */
export async function readPicture(disk: Pick<DiskSource, "path" | "format">, headBytes: number): Promise<Picture> {
  if (disk.format === "raw") return readRaw(disk.path, headBytes);
  const dir = await mkdtemp(join(tmpdir(), "cloudhost-picture-"));
  try {
    const path = join(dir, "disk.raw");
    await run("qemu-img", ["convert", "-U", "-f", "qcow2", "-O", "raw", disk.path, path]);
    return await readRaw(path, headBytes);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** Every file that reading this disk opens. */
export async function filesOf({ path, format }: Pick<DiskSource, "path" | "format">): Promise<readonly string[]> {
  if (format === "raw") return [path];
  const { stdout } = await run("qemu-img", ["info", "-U", "--backing-chain", "--output=json", path]);
  const layers = JSON.parse(stdout) as readonly { readonly filename: string }[];
  return layers.map((layer) => resolve(dirname(path), layer.filename));
}

async function readRaw(path: string, headBytes: number): Promise<Picture> {
  const { size: logicalBytes } = await stat(path);
  const head = Buffer.alloc(Math.min(headBytes, logicalBytes));
  await using file = await open(path, "r");
  await file.read(head, 0, head.length, 0);
  return { logicalBytes, head };
}
