import { seededBytes, seededUnit } from "../seeded.ts";
import type { FakeGuest } from "../world/guest.ts";

/** Bytes that a guest writes at once, aligned: a file system's block. */
export const blockBytes = 4096;

/** So many blocks a boot changes: logs, caches, keys. */
const writesPerBoot = 16;
/** A running guest changes one more so often. */
const msPerWrite = 15_000;
/** A guest goes round in so many blocks, in clusters as files lie: its overlay stays small however long it runs. */
const workingSet = 64;
const clusterBlocks = 8;

/** One write of a guest to its system disk. */
export interface BlockWrite {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** How many writes the guest has made since it was defined, when it has run so long. */
export const writesOf = ({ boots }: FakeGuest, ranMs: number): number =>
  boots * writesPerBoot + Math.floor(ranMs / msPerWrite);

/** How many bytes those are. */
export const writtenBytes = (guest: FakeGuest, ranMs: number): number => writesOf(guest, ranMs) * blockBytes;

/**
 * The newest write to each block that the guest changed, up to a count of writes. They follow from its id, so that a
 * repeat writes the same, and two guests of one image differ from it in few chunks, and each in its own.
 */
export function blockWrites({ spec, baseBytes }: FakeGuest, writes: number): BlockWrite[] {
  // Where the base has its file systems: what lies behind them a guest leaves alone.
  const blocks = Math.max(workingSet, Math.floor(baseBytes / blockBytes));
  const clusters = Math.floor(blocks / clusterBlocks);
  const first = Math.max(0, writes - workingSet);
  return Array.from({ length: writes - first }, (_, index) => {
    const write = first + index;
    const slot = write % workingSet;
    const cluster = Math.floor(seededUnit(`${spec.id} cluster ${Math.floor(slot / clusterBlocks)}`) * clusters);
    return {
      offset: (cluster * clusterBlocks + (slot % clusterBlocks)) * blockBytes,
      bytes: seededBytes(`${spec.id} write ${write}`, blockBytes),
    };
  });
}
