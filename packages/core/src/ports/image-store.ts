import type { HostImages, SealedImage, TransferOptions } from "./host-images.ts";
import type { Clock } from "./clock.ts";
import type { Ids } from "../ids.ts";
import type { Logger } from "./logger.ts";

/** A sealed image under its name: a root of what collection keeps. */
export interface StoredImage {
  readonly name: string;
  readonly digest: string;
  readonly logicalBytes: number;
}

/** What a store holds. */
export interface ImageStoreStats {
  readonly images: number;
  readonly chunks: number;
  readonly logicalBytes: number;
  readonly storedBytes: number;
}

/** Something wrong that verifying found. */
export interface ImageFault {
  readonly image: string;
  /** The chunk, or `undefined` when the manifest itself is at fault. */
  readonly chunk: string | undefined;
  readonly reason: string;
}

/** How a raw or qcow2 file is written. */
export type DiskFormat = "raw" | "qcow2";

/**
 * Keeps disk images: chunks, sealed manifests, and names that point at manifests. It works alone; core adds owners and
 * states. An image is sealed or not there: a kill at any moment leaves no half image visible.
 * Prove an implementation with `describeImageStore`.
 *
 * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for a name taken by another digest, `IMAGE_CORRUPT`,
 * `HOST_UNAVAILABLE` (retryable), `DEPENDENCY_MISSING` when a tool to read the format is not there, `CANCELLED`
 */
export interface ImageStore extends AsyncDisposable {
  /** Stores a disk image file (raw, sparse raw, or qcow2 without a backing file) and seals it. A repeat is the same. */
  import(name: string, path: string, options?: TransferOptions): Promise<SealedImage>;
  /** Writes an image to a new file, every chunk verified. */
  export(name: string, path: string, options?: TransferOptions & { readonly format?: DiskFormat }): Promise<void>;
  /** One image, or `undefined`. */
  get(name: string): Promise<StoredImage | undefined>;
  /** Every sealed image, by name. */
  list(): AsyncIterable<StoredImage>;
  /** Removes a name and the chunks that nothing else has; an unknown name is already removed. */
  delete(name: string, options?: TransferOptions): Promise<void>;
  /** What is stored, and what is saved by storing each chunk once. */
  stats(): Promise<ImageStoreStats>;
  /** Reads everything of one image, or of all, and yields what is wrong. */
  verify(name?: string, options?: TransferOptions): AsyncIterable<ImageFault>;
  /** This store as a host sees it. */
  hostImages(host: HostImagesOptions): Promise<HostImages>;
}

/** A host's cache of bases. */
export interface HostImagesOptions {
  /** A folder of its own; it exists. */
  readonly cacheDir: string;
  /** Unheld bases are evicted beyond this. @defaultValue 20 GiB */
  readonly maxBytes?: number | undefined;
}

/** What a store is opened with. */
export interface ImageStoreContext {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** A store that can be opened: what `imageStore({ … })` returns and `createCloud` takes. */
export interface ImageStoreConfig {
  /** Opens the store; what an interrupted upload left is of no consequence. */
  open(context: ImageStoreContext): Promise<ImageStore>;
}
