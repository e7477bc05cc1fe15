import { z } from "zod";

/** Of the bytes that a guest would read, however they are stored. It carries its algorithm: others may follow. */
export const ChunkId = z.string().regex(/^sha256:[0-9a-f]{64}$/, "not a chunk's id (sha256:…)");
export type ChunkId = z.infer<typeof ChunkId>;

/** A chunk at its place in an image. */
export interface PlacedChunk {
  readonly id: ChunkId;
  /** Address ÷ 4 MiB. */
  readonly index: number;
  /** How many bytes it has: 4 MiB, or less at the image's end. */
  readonly bytes: number;
}
