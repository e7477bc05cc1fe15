import type { ChunkCounts, TransferOptions } from "@cloudhost/core/ports";
import type { ChunkSlot } from "../codec/chunk-threads.ts";
import { forEachLimited } from "../concurrency.ts";
import { planChunks } from "../disks/chunk-plan.ts";
import type { ChunkPlan } from "../disks/chunk-plan.ts";
import type { Disk } from "../disks/disk.ts";
import { throwIfCancelled } from "../failures.ts";
import type { ChunkId } from "../repository/chunk-id.ts";
import type { Chunks } from "../repository/chunks.ts";
import { chunkBytesAt, manifestOf } from "../repository/manifest.ts";
import type { Manifest } from "../repository/manifest.ts";
import { ProgressMeter } from "./progress.ts";
import type { ChunkOutcome } from "./progress.ts";

/** Chunks under way at once: reading, hashing, looking, packing, writing. Each has 8 MiB of memory. */
const chunksAtOnce = 6;

/** A disk whose chunks are all in the store, and that nothing points at yet. */
export interface StoredDisk {
  readonly manifest: Manifest;
  readonly chunks: ChunkCounts;
  /** What the new chunks take. */
  readonly storedBytes: number;
}

/**
 * Puts every chunk of a disk into the store that is not there yet. The caller holds a session, so that no collection
 * takes away what was found there.
 *
 * @param adding told of each chunk before it is put
 */
export async function storeDisk(
  chunks: Chunks,
  disk: Disk,
  adding: (id: ChunkId) => void,
  { signal, onProgress }: TransferOptions = {},
): Promise<StoredDisk> {
  const { logicalBytes } = disk;
  const meter = new ProgressMeter(logicalBytes, onProgress);
  const ids = new Map<number, ChunkId>();
  const arriving = new Map<ChunkId, Promise<ChunkOutcome>>();
  let storedBytes = 0;

  const arrive = async (slot: ChunkSlot, id: ChunkId, bytes: number): Promise<ChunkOutcome> => {
    if (await chunks.has(id, signal)) return "duplicate";
    adding(id);
    const took = await chunks.put(slot, id, bytes, signal);
    storedBytes += took;
    return "new";
  };
  const store = async (slot: ChunkSlot, plan: ChunkPlan): Promise<ChunkOutcome> => {
    throwIfCancelled(signal, "storing a disk");
    const bytes = chunkBytesAt(plan.index, logicalBytes);
    await readChunk(disk, plan, slot.data.subarray(0, bytes));
    const id = await chunks.threads.identify(slot, bytes);
    if (id === undefined) return "zero";
    ids.set(plan.index, id);
    // The same chunk may come twice in one disk, the second time while the first is on its way.
    const earlier = arriving.get(id);
    const arrival = earlier ?? arrive(slot, id, bytes);
    arriving.set(id, arrival);
    const outcome = await arrival;
    return earlier === undefined ? outcome : "duplicate";
  };
  const inOrder = async function* (): AsyncGenerator<ChunkPlan> {
    for await (const plan of planChunks(disk.extents(signal), logicalBytes)) {
      meter.reached(plan.index);
      yield plan;
    }
  };
  await forEachLimited(inOrder(), chunksAtOnce, async (plan) => {
    meter.done(plan.index, await chunks.threads.lend((slot) => store(slot, plan)));
  });
  throwIfCancelled(signal, "storing a disk");
  meter.finish();
  return { manifest: manifestOf(logicalBytes, ids), chunks: meter.counts, storedBytes };
}

async function readChunk(disk: Disk, { pieces }: ChunkPlan, bytes: Buffer): Promise<void> {
  const covered = pieces.reduce((sum, { length }) => sum + length, 0);
  if (covered < bytes.length) bytes.fill(0);
  for (const piece of pieces) await disk.read(piece, bytes);
}
