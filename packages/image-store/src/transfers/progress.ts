import type { ChunkCounts, TransferProgress } from "@cloudhost/core/ports";
import { chunkBytes } from "../codec/chunk-codec.ts";
import { chunkBytesAt, chunkCount } from "../repository/manifest.ts";

/** What became of a chunk with data. */
export type ChunkOutcome = "zero" | "duplicate" | "new";

/** Counts a transfer's chunks and tells how far it is, each time that one more is done. */
export class ProgressMeter {
  readonly #logicalBytes: number;
  readonly #tell: ((progress: TransferProgress) => void) | undefined;
  readonly #counts = { zero: 0, duplicate: 0, new: 0 };
  #doneBytes = 0;
  /** Chunks before this number are done or under way. */
  #next = 0;

  constructor(logicalBytes: number, tell?: (progress: TransferProgress) => void) {
    this.#logicalBytes = logicalBytes;
    this.#tell = tell;
  }

  get counts(): ChunkCounts {
    return { total: chunkCount(this.#logicalBytes), ...this.#counts };
  }

  /** The chunk is about to be transferred; those between it and the one before are zeros. They come in order. */
  reached(index: number): void {
    // At once: a disk of 16 TiB has four million of them.
    const start = this.#next * chunkBytes;
    this.#counts.zero += index - this.#next;
    this.#doneBytes += Math.min(index * chunkBytes, this.#logicalBytes) - Math.min(start, this.#logicalBytes);
    this.#next = index + 1;
  }

  done(index: number, outcome: ChunkOutcome): void {
    this.#counts[outcome] += 1;
    this.#doneBytes += chunkBytesAt(index, this.#logicalBytes);
    this.#report();
  }

  /** No further chunk has data. */
  finish(): void {
    this.reached(chunkCount(this.#logicalBytes));
    this.#report();
  }

  #report(): void {
    const [doneBytes, totalBytes] = [this.#doneBytes, this.#logicalBytes];
    const percent = totalBytes === 0 ? 100 : (100 * doneBytes) / totalBytes;
    this.#tell?.({ doneBytes, totalBytes, percent, chunks: this.counts });
  }
}
