import { chunkBytes } from "../codec/chunk-codec.ts";
import type { Extent, Piece } from "./extent.ts";

/** How one chunk is read: what no piece covers is zeros. */
export interface ChunkPlan {
  /** Address ÷ 4 MiB. */
  readonly index: number;
  readonly pieces: readonly Piece[];
}

/**
 * Cuts extents, which come in order, into chunks; a chunk without data has no plan.
 * @param logicalBytes what lies beyond is not read
 */
export async function* planChunks(
  extents: AsyncIterable<Extent> | Iterable<Extent>,
  logicalBytes: number,
): AsyncGenerator<ChunkPlan> {
  let index = -1;
  let pieces: Piece[] = [];
  for await (const { start, length, file, offset } of extents) {
    const end = Math.min(start + length, logicalBytes);
    for (let at = start; at < end;) {
      const within = Math.floor(at / chunkBytes);
      if (within !== index) {
        if (pieces.length > 0) yield { index, pieces };
        index = within;
        pieces = [];
      }
      const until = Math.min(end, (within + 1) * chunkBytes);
      pieces.push({ file, offset: offset + at - start, at: at - within * chunkBytes, length: until - at });
      at = until;
    }
  }
  if (pieces.length > 0) yield { index, pieces };
}
