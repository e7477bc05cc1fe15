import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { isCloudHostError } from "@cloudhost/core/ports";
import type { DiskFormat } from "@cloudhost/core/ports";
import { fileFailure, imageCorrupt, invalidArgument } from "../failures.ts";
import { temporaryPath } from "../files/temporary.ts";
import { maxLogicalBytes } from "../repository/manifest.ts";
import type { Extent, Piece } from "./extent.ts";
import { detectFormat } from "./detect-format.ts";
import { blockNode, diskLayers } from "./layers.ts";
import type { DiskLayer } from "./layers.ts";
import { OpenFiles } from "./open-files.ts";
import type { MapEntry, QemuImg } from "./qemu-img.ts";

/** A disk image file, or a chain of them, open for reading. */
export interface Disk extends AsyncDisposable {
  /** The guest's address space, in bytes. */
  readonly logicalBytes: number;
  /** Where there is data, in order; the rest is zeros. */
  extents(signal?: AbortSignal): AsyncIterable<Extent>;
  /**
   * Reads one piece to its place in a chunk.
   * @throws CloudHostError `IMAGE_CORRUPT` when the file is shorter than it was
   */
  read(piece: Piece, chunk: Uint8Array): Promise<void>;
}

/** What to open. */
export interface DiskFile {
  readonly path: string;
  /** Told by its first bytes where it is not said. What a guest can write must be said: it could write a qcow2 header. */
  readonly format?: DiskFormat;
  /** Every file that may be opened; without, the one of the path alone. */
  readonly chain?: readonly string[];
}

/** What opening a disk needs. */
export interface DiskTools {
  readonly qemuImg: QemuImg;
  /** A folder for a decoded copy, which has a name only for a moment. */
  readonly temporaries: string;
}

/** A raw file under this size is read whole: asking for its holes would take longer. */
const worthMappingBytes = 33_554_432;

/**
 * Opens a disk image for reading. A qcow2 is checked first.
 *
 * @throws CloudHostError `NOT_FOUND`, `INVALID_ARGUMENT` for what is no disk image or reaches outside its chain,
 * `IMAGE_CORRUPT`, `UNSUPPORTED`, `DEPENDENCY_MISSING` for a qcow2 without qemu-img
 */
export async function openDisk(file: DiskFile, tools: DiskTools, signal?: AbortSignal): Promise<Disk> {
  const path = resolve(file.path);
  const format = file.format ?? (await detectFormat(path));
  const layers = await diskLayers(path, format, file.chain);
  const disk = await (format === "raw" ? openRaw(path, layers, tools) : openQcow2(path, layers, tools, signal));
  if (disk.logicalBytes > 0 && disk.logicalBytes <= maxLogicalBytes) return disk;
  await disk[Symbol.asyncDispose]();
  if (disk.logicalBytes === 0) throw imageCorrupt(`${path} is empty.`, { reason: "it is empty" });
  throw invalidArgument("path", `${path} has ${disk.logicalBytes} bytes; an image may have ${maxLogicalBytes}.`);
}

async function openRaw(path: string, layers: readonly DiskLayer[], { qemuImg }: DiskTools): Promise<Disk> {
  const files = await OpenFiles.open(path, pathsOf(layers));
  const { size, blocks } = await statOf(files);
  const mayHaveHoles = size >= worthMappingBytes && blocks * 512 < size;
  return {
    logicalBytes: size,
    extents: (signal) => (mayHaveHoles ? holesApart(qemuImg.map(path, blockNode(layers), signal), size) : whole(size)),
    read: (piece, chunk) => files.read(piece, chunk, false),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

async function openQcow2(
  path: string,
  layers: readonly DiskLayer[],
  { qemuImg, temporaries }: DiskTools,
  signal: AbortSignal | undefined,
): Promise<Disk> {
  let compressed = false;
  for (const layer of layers) {
    if (layer.format === "qcow2") compressed = (await qemuImg.check(layer.path, signal)).compressed || compressed;
  }
  const logicalBytes = layers[0]?.virtualBytes ?? 0;
  const node = blockNode(layers);
  // Compressed clusters are at no offset from which they could be read as they are.
  const copy = compressed ? await namelessFile(temporaries, logicalBytes) : undefined;
  const files = copy === undefined ? await OpenFiles.open(path, pathsOf(layers)) : new OpenFiles(path, [copy]);
  try {
    if (copy !== undefined) await qemuImg.decode(path, node, copy, signal);
  } catch (error) {
    await files[Symbol.asyncDispose]();
    throw error;
  }
  return {
    logicalBytes,
    extents: (abort) => dataOf(qemuImg.map(path, copy ?? node, abort)),
    read: (piece, chunk) => files.read(piece, chunk, copy === undefined),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

async function* dataOf(entries: AsyncIterable<MapEntry>): AsyncGenerator<Extent> {
  for await (const { start, length, depth, data, zero, offset } of entries) {
    if (!data || zero) continue;
    if (offset === undefined) throw imageCorrupt("The disk changed while it was read.", { reason: "it changed" });
    yield { start, length, file: depth, offset };
  }
}

/** Without qemu-img a raw disk can be read all the same, only its holes are read too. */
async function* holesApart(entries: AsyncIterable<MapEntry>, size: number): AsyncGenerator<Extent> {
  try {
    yield* dataOf(entries);
  } catch (error) {
    if (!isCloudHostError(error, "DEPENDENCY_MISSING")) throw error;
    yield* whole(size);
  }
}

async function* whole(length: number): AsyncGenerator<Extent> {
  yield { start: 0, length, file: 0, offset: 0 };
}

const pathsOf = (layers: readonly DiskLayer[]): string[] => layers.map(({ path }) => path);

async function statOf({ handles: [handle] }: OpenFiles): Promise<{ readonly size: number; readonly blocks: number }> {
  if (handle === undefined) throw new TypeError("a disk has at least one file");
  return handle.stat();
}

/** A file that nobody else sees, and that is gone with the process, however it ends. */
export async function namelessFile(folder: string, bytes: number): Promise<FileHandle> {
  const path = temporaryPath(folder);
  let file: FileHandle | undefined;
  try {
    file = await open(path, "wx+", 0o600);
    await rm(path);
    await file.truncate(bytes);
    return file;
  } catch (error) {
    await file?.close();
    throw fileFailure(error, folder);
  }
}
