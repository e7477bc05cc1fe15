import type { FileHandle } from "node:fs/promises";
import type { TransferOptions } from "@cloudhost/core/ports";
import type { ChunkSlot } from "../codec/chunk-threads.ts";
import { forEachLimited } from "../concurrency.ts";
import { throwIfCancelled } from "../failures.ts";
import { writeFully } from "../files/durable.ts";
import { chunkBytes } from "../codec/chunk-codec.ts";
import type { PlacedChunk } from "../repository/chunk-id.ts";
import type { Chunks } from "../repository/chunks.ts";
import { placedChunks } from "../repository/manifest.ts";
import type { Manifest } from "../repository/manifest.ts";
import { ProgressMeter } from "./progress.ts";

/** Chunks under way at once: fetching, unpacking, verifying, writing. Each has 8 MiB of memory. */
const chunksAtOnce = 6;

/** Zeros of this length inside a chunk become a hole: a block of a file system is 4 KiB, a call costs as much as 16. */
const holeBytes = 65_536;
const zeros = Buffer.alloc(holeBytes);

/**
 * Writes an image into an empty file, every chunk verified before it is written; what is zero stays a hole.
 *
 * @param image named in errors
 * @throws CloudHostError `IMAGE_CORRUPT` that names the chunk
 */
export async function restoreDisk(
  chunks: Chunks,
  manifest: Manifest,
  image: string,
  file: FileHandle,
  { signal, onProgress }: TransferOptions = {},
): Promise<void> {
  const meter = new ProgressMeter(manifest.logicalBytes, onProgress);
  await file.truncate(manifest.logicalBytes);
  const inOrder = function* (): Generator<PlacedChunk> {
    for (const chunk of placedChunks(manifest)) {
      meter.reached(chunk.index);
      yield chunk;
    }
  };
  const restore = async (slot: ChunkSlot, chunk: PlacedChunk): Promise<void> => {
    throwIfCancelled(signal, `restoring ${image}`);
    const bytes = await chunks.read(slot, chunk, image, signal);
    for (const { start, end } of dataIn(bytes)) {
      await writeFully(file, bytes.subarray(start, end), chunk.index * chunkBytes + start);
    }
  };
  await forEachLimited(inOrder(), chunksAtOnce, async (chunk) => {
    await chunks.threads.lend((slot) => restore(slot, chunk));
    meter.done(chunk.index, "new");
  });
  throwIfCancelled(signal, `restoring ${image}`);
  meter.finish();
  await file.sync();
}

/** The stretches of a chunk that are not zeros, to the nearest 64 KiB. */
function* dataIn(chunk: Buffer): Generator<{ readonly start: number; readonly end: number }> {
  let start = -1;
  for (let at = 0; at < chunk.length; at += holeBytes) {
    const end = Math.min(at + holeBytes, chunk.length);
    const zero = chunk.subarray(at, end).equals(zeros.subarray(0, end - at));
    if (!zero && start < 0) start = at;
    if (zero && start >= 0) {
      yield { start, end: at };
      start = -1;
    }
  }
  if (start >= 0) yield { start, end: chunk.length };
}
