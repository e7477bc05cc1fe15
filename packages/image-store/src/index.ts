/**
 * Disk images in fixed 4 MiB chunks of the guest's address space, each stored once, over object stores; and the cache of
 * bases of a host.
 *
 * @packageDocumentation
 */
export { fileSystemBackend } from "./backends/file-system.ts";
export { memoryBackend } from "./backends/memory.ts";
export { collectGarbage } from "./collection/collect-garbage.ts";
export { findLeftovers } from "./collection/leftovers.ts";
export type { Leftover } from "./collection/leftovers.ts";
export { hostImages } from "./host/host-images.ts";
export type { HostImagesConfig } from "./host/host-images.ts";
export { imageStore } from "./image-store.ts";
export type { ImageStoreOptions } from "./options.ts";
export { S3BackendOptions, s3Backend } from "./backends/s3.ts";
