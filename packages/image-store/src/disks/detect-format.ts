import { open, stat } from "node:fs/promises";
import type { DiskFormat } from "@cloudhost/core/ports";
import { fileFailure, invalidArgument } from "../failures.ts";
import { readFully } from "../files/durable.ts";
import { qcow2Magic } from "./qcow2-header.ts";

/** What people mistake for a raw disk, and how to make one of it. */
const others: readonly { readonly magic: Buffer; readonly what: string; readonly remedy: string }[] = [
  { magic: Buffer.from([0x1f, 0x8b, 0x08]), what: "a gzip archive", remedy: "unpack it with gunzip" },
  { magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), what: "an xz archive", remedy: "unpack it with unxz" },
  { magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), what: "a zstd archive", remedy: "unpack it with unzstd" },
  { magic: Buffer.from("BZh"), what: "a bzip2 archive", remedy: "unpack it with bunzip2" },
  { magic: Buffer.from("PK\u0003\u0004"), what: "a zip archive", remedy: "unpack it with unzip" },
  { magic: Buffer.from("KDMV"), what: "a VMDK", remedy: "convert it with qemu-img convert -O qcow2" },
  { magic: Buffer.from("vhdxfile"), what: "a VHDX", remedy: "convert it with qemu-img convert -O qcow2" },
  { magic: Buffer.from("conectix"), what: "a VHD", remedy: "convert it with qemu-img convert -O qcow2" },
  { magic: Buffer.from("<<< "), what: "a VDI", remedy: "convert it with qemu-img convert -O qcow2" },
];

/**
 * Whether a file that somebody uploads is a qcow2; anything else is a raw disk, except what surely is none.
 * @throws CloudHostError `INVALID_ARGUMENT`, `NOT_FOUND`
 */
export async function detectFormat(path: string): Promise<DiskFormat> {
  const bytes = Buffer.alloc(8);
  try {
    // Opening a pipe would wait for somebody to write to it.
    if (!(await stat(path)).isFile()) throw invalidArgument("path", `${path} is not a plain file.`);
    await using file = await open(path, "r");
    await readFully(file, bytes, 0);
  } catch (error) {
    throw fileFailure(error, path);
  }
  const starts = (magic: Buffer): boolean => bytes.subarray(0, magic.length).equals(magic);
  if (starts(qcow2Magic)) return "qcow2";
  const other = others.find(({ magic }) => starts(magic));
  if (other === undefined) return "raw";
  throw invalidArgument("path", `${path} is ${other.what} and no disk image: ${other.remedy} first.`);
}
