import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describeHostImages } from "@cloudhost/conformance";
import type { HostImagesSubject } from "@cloudhost/conformance";
import type { ChunkBackend, HostImages } from "@cloudhost/core/ports";
import { openHostImages } from "../../src/host/host-images.ts";
import { fileSystemBackend, memoryBackend } from "../../src/index.ts";
import { context } from "../support/context.ts";
import { temporaryFolder } from "../support/folder.ts";
import { openImageStoreSubject, sharedThreads } from "../support/image-store-subject.ts";

async function openSubject(
  openBackend: () => ChunkBackend,
  options: { readonly maxBytes?: number } = {},
): Promise<HostImagesSubject> {
  const folder = await temporaryFolder();
  const store = await openImageStoreSubject(openBackend);
  const cacheDir = join(folder.path, "cache");
  await mkdir(cacheDir);
  const opened: HostImages[] = [await store.store.hostImages({ ...options, cacheDir })];
  return {
    ...store,
    images: opened[0]!,
    async reopen() {
      const backend = openBackend();
      const images = await openHostImages({ ...options, backend, cacheDir }, context(), sharedThreads, [backend]);
      opened.push(images);
      return images;
    },
    async [Symbol.asyncDispose]() {
      for (const images of opened) await images[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describeHostImages("memory", (options) => {
  const backend = memoryBackend();
  return openSubject(() => backend, options);
});

describeHostImages("file system", async (options) => {
  const folder = await temporaryFolder();
  const subject = await openSubject(() => fileSystemBackend(folder.path), options);
  return {
    ...subject,
    async [Symbol.asyncDispose]() {
      await subject[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});
