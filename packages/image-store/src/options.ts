import type { ChunkBackend } from "@cloudhost/core/ports";

/** What an image store is made of. */
export interface ImageStoreOptions {
  /** Where chunks, manifests and names are kept. Each opened store disposes of it. */
  readonly backend: ChunkBackend;
  /**
   * The program that reads and writes the tables of qcow2 files. Raw disks need it only to have their holes skipped.
   * @defaultValue `qemu-img`, found on the PATH
   */
  readonly qemuImg?: string | undefined;
}
