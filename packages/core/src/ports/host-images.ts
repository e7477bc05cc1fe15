import { z } from "zod";
import { idOf } from "../ids.ts";
import type { BaseDisk, DiskSource } from "./guest.ts";

/** Which image a host shall have, and for whom. */
export const EnsureImage = z.strictObject({
  imageId: idOf("img"),
  /** Of the sealed manifest; what is restored must be just this. */
  digest: z.string(),
  /** The guest that keeps it from being evicted. */
  holder: idOf("srv"),
});
export type EnsureImage = z.infer<typeof EnsureImage>;

/** How many 4 MiB chunks of an image's address space are what. */
export const ChunkCounts = z.strictObject({
  /** The logical size ÷ 4 MiB, rounded up. */
  total: z.int().min(0),
  /** All zeros: stored nowhere, cost nothing. */
  zero: z.int().min(0),
  /** Already stored, by this image or another. */
  duplicate: z.int().min(0),
  /** Stored now. */
  new: z.int().min(0),
});
export type ChunkCounts = z.infer<typeof ChunkCounts>;

/** An image that is whole: it never changes again. */
export const SealedImage = z.strictObject({
  /** Of the manifest: `sha256:` and 64 hexadecimal digits. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  /** The guest's address space. */
  logicalBytes: z.int().min(0),
  /** What its new chunks took in the store. */
  storedBytes: z.int().min(0),
  chunks: ChunkCounts,
});
export type SealedImage = z.infer<typeof SealedImage>;

/** How far a transfer is. */
export interface TransferProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** 0 to 100. */
  readonly percent: number;
  readonly chunks: ChunkCounts;
}

/** For a transfer: its cancellation, and who wants to know how far it is. */
export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while bytes move. */
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}

/**
 * The images of one host: a verified cache of bases, and the way back into the store. Only here is a qcow2 decoded.
 * Prove an implementation with `describeHostImages`.
 *
 * @throws CloudHostError `NOT_FOUND`, `IMAGE_CORRUPT`, `HOST_UNAVAILABLE` when the store cannot be reached (retryable),
 * `EXHAUSTED` when held bases leave no room, `CANCELLED`
 */
export interface HostImages extends AsyncDisposable {
  /** Makes the image a file on this host, verified, and keeps it while the holder holds it. */
  ensure(image: EnsureImage, options?: TransferOptions): Promise<BaseDisk>;
  /**
   * The holder needs none any more; an unknown holder holds nothing.
   * @param keep digests of those that it goes on holding
   */
  release(holder: string, keep?: readonly string[]): Promise<void>;
  /** Who holds bases here: compared with the driver's list after a recovery. */
  holders(): Promise<readonly string[]>;
  /**
   * Stores a held disk as an image and seals it under `imageId`. Opens no file outside the source's chain. A repeat
   * gives the same digest.
   */
  ingest(source: DiskSource, imageId: string, options?: TransferOptions): Promise<SealedImage>;
}
