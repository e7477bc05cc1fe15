import { hash } from "node:crypto";
import { z } from "zod";
import { CloudHostError } from "@cloudhost/core/ports";
import { imageCorrupt } from "../failures.ts";
import { chunkBytes } from "../codec/chunk-codec.ts";
import { ChunkId } from "./chunk-id.ts";
import type { PlacedChunk } from "./chunk-id.ts";

/** The largest address space that an image may have: 16 TiB, also the largest file of ext4. */
export const maxLogicalBytes = 17_592_186_044_416;

/** Chunks that lie one behind the other in the address space. */
export const ChunkRun = z.strictObject({
  /** Number of the first one: its address ÷ 4 MiB. */
  first: z.int().min(0),
  ids: z.array(ChunkId).min(1),
});
export type ChunkRun = z.infer<typeof ChunkRun>;

/** What an image consists of. What no run covers is zeros. It is stored as canonical JSON, under its own hash. */
export const Manifest = z
  .strictObject({
    chunkBytes: z.literal(chunkBytes),
    /** In the order of the address space; neighbouring chunks are in one run. */
    data: z.array(ChunkRun),
    logicalBytes: z.int().min(0).max(maxLogicalBytes),
    version: z.literal(1),
  })
  .refine(({ data, logicalBytes }) => runsFit(data, chunkCount(logicalBytes)), "the runs overlap or leave the image");
export type Manifest = z.infer<typeof Manifest>;

/** `sha256:` and 64 hexadecimal digits. */
export const ManifestDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "not a manifest's digest (sha256:…)");

/** How many chunks an address space has, zero ones included. */
export const chunkCount = (logicalBytes: number): number => Math.ceil(logicalBytes / chunkBytes);

/** How many bytes this chunk of it has. */
export const chunkBytesAt = (index: number, logicalBytes: number): number =>
  Math.min(chunkBytes, logicalBytes - index * chunkBytes);

/** The manifest of an image with these chunks, by their number. */
export function manifestOf(logicalBytes: number, chunks: ReadonlyMap<number, ChunkId>): Manifest {
  const data: ChunkRun[] = [];
  let end = -1;
  for (const [index, id] of [...chunks].toSorted(([a], [b]) => a - b)) {
    if (index === end) data.at(-1)?.ids.push(id);
    else data.push({ first: index, ids: [id] });
    end = index + 1;
  }
  return { chunkBytes, data, logicalBytes, version: 1 };
}

/** Every chunk with data, in order. */
export function* placedChunks({ data, logicalBytes }: Manifest): Generator<PlacedChunk> {
  for (const { first, ids } of data) {
    for (const [offset, id] of ids.entries()) {
      const index = first + offset;
      yield { id, index, bytes: chunkBytesAt(index, logicalBytes) };
    }
  }
}

/** How many chunks with data it has. */
export const dataChunkCount = ({ data }: Manifest): number => data.reduce((sum, { ids }) => sum + ids.length, 0);

/** Its canonical bytes, and their digest. The keys of the schema are in their canonical order: the alphabet's. */
export function sealManifest({ data, logicalBytes }: Manifest): { readonly bytes: Buffer; readonly digest: string } {
  const runs = data.map(({ first, ids }) => ({ first, ids }));
  const bytes = Buffer.from(JSON.stringify({ chunkBytes, data: runs, logicalBytes, version: 1 }));
  return { bytes, digest: digestOf(bytes) };
}

/**
 * Reads a manifest that was stored under this digest.
 *
 * @param image named in the error
 * @throws CloudHostError `IMAGE_CORRUPT`, or `VERSION_MISMATCH` for one of a newer version
 */
export function openManifest(bytes: Uint8Array, digest: string, image: string): Manifest {
  const corrupt = (reason: string, cause?: unknown): CloudHostError =>
    imageCorrupt(`The manifest of ${image} is damaged: ${reason}.`, { image, reason: `manifest: ${reason}` }, cause);
  const found = digestOf(bytes);
  if (found !== digest) throw corrupt(`it hashes to ${found}, not to ${digest}`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (cause) {
    throw corrupt("it is no JSON", cause);
  }
  refuseNewer(json, image);
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) throw corrupt(parsed.error.issues[0]?.message ?? "it is no manifest", parsed.error);
  return parsed.data;
}

function refuseNewer(json: unknown, image: string): void {
  const { success, data } = z.object({ version: z.int().min(2) }).safeParse(json);
  if (!success) return;
  throw new CloudHostError("VERSION_MISMATCH", `${image} was stored by a newer version of cloudhost.`, {
    what: "image manifest",
    found: String(data.version),
    supported: "1",
  });
}

const digestOf = (bytes: Uint8Array): string => `sha256:${hash("sha256", bytes, "hex")}`;

function runsFit(data: readonly ChunkRun[], chunks: number): boolean {
  let end = -1;
  for (const { first, ids } of data) {
    // A run that begins just where the last one ended would be part of it.
    if (first <= end) return false;
    end = first + ids.length;
  }
  return end <= chunks;
}
