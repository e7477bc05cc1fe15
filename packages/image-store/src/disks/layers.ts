import { open, realpath, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import type { DiskFormat } from "@cloudhost/core/ports";
import { fileFailure, imageCorrupt, invalidArgument } from "../failures.ts";
import { readFully } from "../files/durable.ts";
import { parseQcow2Header, qcow2HeaderBytes } from "./qcow2-header.ts";
import type { Qcow2Header } from "./qcow2-header.ts";

/** One file of a disk: the top one, or one below another. */
export interface DiskLayer {
  /** Absolute, without symbolic links. */
  readonly path: string;
  readonly format: DiskFormat;
  /** Of a qcow2. */
  readonly virtualBytes: number | undefined;
}

/** How QEMU's tools are told what to open: each file by its path, and nothing that a header names. */
export interface BlockNode {
  readonly driver: DiskFormat;
  readonly file: { readonly driver: "file"; readonly filename: string };
  readonly backing?: BlockNode | null;
}

/**
 * The files that a disk consists of, the top one first, each one of the allowed: a header that names any other file,
 * or no plain file, is refused before anything below is opened.
 *
 * @param allowed absolute paths, the top one included; without, a disk of one file only
 * @throws CloudHostError `INVALID_ARGUMENT` for a backing file that is not allowed, `IMAGE_CORRUPT`, `UNSUPPORTED`,
 * `NOT_FOUND` for a file that is not there
 */
export async function diskLayers(path: string, format: DiskFormat, allowed?: readonly string[]): Promise<DiskLayer[]> {
  const permitted = new Set(await Promise.all((allowed ?? [path]).map(real)));
  const layers: DiskLayer[] = [];
  let next: { readonly path: string; readonly format: DiskFormat } | undefined = { path, format };
  while (next !== undefined) {
    const actual = await real(next.path);
    if (!permitted.delete(actual)) throw outside(path, next.path, allowed !== undefined);
    const header: Qcow2Header | undefined = next.format === "qcow2" ? await readHeader(actual) : undefined;
    layers.push({ path: actual, format: next.format, virtualBytes: header?.virtualBytes });
    next = header?.backing === undefined ? undefined : fileBelow(next.path, header.backing);
  }
  return layers;
}

/** The layers from this one down, as a description that QEMU's tools take. */
export function blockNode([top, ...below]: readonly DiskLayer[]): BlockNode {
  if (top === undefined) throw new TypeError("a disk has at least one layer");
  const node = { driver: top.format, file: { driver: "file", filename: top.path } } as const;
  // Said even where there is none: otherwise the tool would look into the header.
  return top.format === "raw" ? node : { ...node, backing: below.length === 0 ? null : blockNode(below) };
}

function fileBelow(
  path: string,
  { name, format }: NonNullable<Qcow2Header["backing"]>,
): { readonly path: string; readonly format: DiskFormat } {
  // QEMU takes what has a colon before any slash for a protocol: nbd:…, json:….
  if (/^[^/]*:/.test(name))
    throw invalidArgument("path", `The backing file of ${path} is not a file's path (${name}).`);
  if (format === "raw" || format === "qcow2") return { path: resolve(dirname(path), name), format };
  const said = format === undefined ? "does not say" : `says ${format} as`;
  throw invalidArgument("path", `${path} ${said} the format of its backing file; raw and qcow2 can be read.`);
}

async function readHeader(path: string): Promise<Qcow2Header> {
  const corrupt = (reason: string): CloudHostError => imageCorrupt(`${path} is damaged: ${reason}.`, { reason });
  const bytes = Buffer.alloc(qcow2HeaderBytes);
  let length: number;
  try {
    await using file = await open(path, "r");
    length = await readFully(file, bytes, 0);
  } catch (error) {
    throw fileFailure(error, path);
  }
  const header = parseQcow2Header(bytes.subarray(0, length));
  if (typeof header === "string") throw corrupt(header);
  if (header.markedCorrupt) throw corrupt("it is marked corrupt");
  if (header.unsupported.length === 0) return header;
  const feature = header.unsupported.join(" and ");
  throw new CloudHostError("UNSUPPORTED", `${path} uses ${feature}, which cannot be imported.`, {
    feature,
    by: "the image store",
  });
}

/** Its path without symbolic links. Opening what is no plain file (a pipe, a device) might wait for ever. */
async function real(path: string): Promise<string> {
  let plain: boolean;
  let actual: string;
  try {
    actual = await realpath(path);
    plain = (await stat(actual)).isFile();
  } catch (error) {
    throw fileFailure(error, path);
  }
  if (!plain) throw invalidArgument("path", `${path} is not a plain file.`);
  return actual;
}

function outside(path: string, file: string, chained: boolean): CloudHostError {
  return chained
    ? invalidArgument("chain", `${path} needs ${file}, which is not in its chain.`)
    : invalidArgument("path", `${path} has a backing file (${file}): flatten it first, with qemu-img convert.`);
}
