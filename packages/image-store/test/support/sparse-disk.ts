import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import fc from "fast-check";
import { chunkBytes } from "../../src/codec/chunk-codec.ts";

/** A disk by what is in each chunk: 0 is a hole, any other number bytes of its own. */
export interface SparseDisk {
  readonly chunks: readonly number[];
  /** Bytes behind the last whole chunk. */
  readonly tail: number;
}

/** Disks of a few chunks, of which some are alike. */
export const sparseDisk: fc.Arbitrary<SparseDisk> = fc.record({
  chunks: fc.array(fc.nat(4), { maxLength: 4 }),
  tail: fc.integer({ min: 1, max: 100_000 }),
});

const filled = (seed: number, length: number): Buffer =>
  Buffer.alloc(length, createHash("sha256").update(String(seed)).digest());

/** Writes it, its tail with data. @returns a text for each chunk with data, the same for the same bytes */
export async function writeSparseDisk(path: string, { chunks, tail }: SparseDisk): Promise<string[]> {
  await using file = await open(path, "w");
  await file.truncate(chunks.length * chunkBytes + tail);
  const found: string[] = [];
  for (const [index, seed] of chunks.entries()) {
    if (seed === 0) continue;
    await file.write(filled(seed, chunkBytes), 0, chunkBytes, index * chunkBytes);
    found.push(String(seed));
  }
  if (tail === 0) return found;
  await file.write(filled(99, tail), 0, tail, chunks.length * chunkBytes);
  return [...found, `tail ${tail}`];
}
