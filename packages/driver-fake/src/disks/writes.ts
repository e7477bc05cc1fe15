import { bytesFromGib, diskKey } from "@cloudhost/core/ports";
import type { DiskKey, GuestSpec } from "@cloudhost/core/ports";
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
const clusterBytes = clusterBlocks * blockBytes;

/** One write of a guest to its system disk. */
export interface BlockWrite {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** A part of a disk. */
export interface Place {
  readonly offset: number;
  readonly bytes: number;
}

/** How many writes the guest has made since it was defined, when it has run so long. */
export const writesOf = ({ boots }: Pick<FakeGuest, "boots">, ranMs: number): number =>
  boots * writesPerBoot + Math.floor(ranMs / msPerWrite);

/** How many bytes those are. */
export const writtenBytes = (guest: FakeGuest, ranMs: number): number => writesOf(guest, ranMs) * blockBytes;

/** Where a guest writes, and since when. */
export type Writer = Pick<FakeGuest, "spec" | "baseBytes" | "writesFrom">;

/**
 * The newest write to each block that the guest changed, up to a count of writes. They follow from its id, so that a
 * repeat writes the same, and two guests of one image differ from it in few chunks, and each in its own.
 */
export function blockWrites(writer: Writer, writes: number): BlockWrite[] {
  const clusters = clustersOf(writer);
  const first = Math.max(writer.writesFrom, writes - workingSet);
  return Array.from({ length: Math.max(0, writes - first) }, (_, index) => {
    const write = first + index;
    const slot = write % workingSet;
    const cluster = clusters[Math.floor(slot / clusterBlocks)] ?? 0;
    return {
      offset: cluster * clusterBytes + (slot % clusterBlocks) * blockBytes,
      bytes: seededBytes(`${writer.spec.id} write ${write}`, blockBytes),
    };
  });
}

/** Where on a disk a text is that somebody wrote for the guest: a block that the guest itself leaves alone. */
export function textOffset(writer: Writer, disk: DiskKey): number {
  if (disk !== "system") return 0;
  const taken = new Set(clustersOf(writer));
  let cluster = 0;
  while (taken.has(cluster)) cluster += 1;
  return cluster * clusterBytes;
}

/** Every place of a disk where its layer can hold something. */
export function placesOf(writer: Writer, disk: DiskKey): Place[] {
  const text = { offset: textOffset(writer, disk), bytes: blockBytes };
  if (disk !== "system") return [text];
  return [...clustersOf(writer).map((cluster) => ({ offset: cluster * clusterBytes, bytes: clusterBytes })), text];
}

/** A disk's size in bytes; 0 for one that the guest does not have. */
export const diskBytes = ({ disks }: GuestSpec, key: DiskKey): number =>
  bytesFromGib(disks.find((disk) => diskKey(disk) === key)?.sizeGib ?? 0);

/** The clusters that the guest goes round in: where the base has its file systems, what lies behind it leaves alone. */
function clustersOf({ spec, baseBytes }: Writer): number[] {
  const blocks = Math.max(workingSet, Math.floor(baseBytes / blockBytes));
  const clusters = Math.floor(blocks / clusterBlocks);
  return Array.from({ length: workingSet / clusterBlocks }, (_, index) =>
    Math.floor(seededUnit(`${spec.id} cluster ${index}`) * clusters),
  );
}
