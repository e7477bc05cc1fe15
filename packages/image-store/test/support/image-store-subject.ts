import type { ImageStoreSubject } from "@cloudhost/conformance";
import type { ChunkBackend, ImageStore } from "@cloudhost/core/ports";
import { afterAll } from "vitest";
import { ChunkThreads } from "../../src/codec/chunk-threads.ts";
import { openImageStore } from "../../src/image-store.ts";
import { findLeftovers } from "../../src/index.ts";
import { context } from "./context.ts";
import { temporaryFolder } from "./folder.ts";

/** Of all cases of a file: to start them again for each would take longer than most cases. */
export const sharedThreads = new ChunkThreads();
afterAll(() => sharedThreads[Symbol.asyncDispose]());

/** A subject of the image store's suite over any chunk backend. */
export async function openImageStoreSubject(openBackend: () => ChunkBackend): Promise<ImageStoreSubject> {
  const folder = await temporaryFolder();
  const opened: ImageStore[] = [];
  const open = async (): Promise<ImageStore> => {
    const backend = openBackend();
    const store = await openImageStore({ backend }, context(), sharedThreads, [backend]);
    opened.push(store);
    return store;
  };
  const damage = async (key: string): Promise<void> => {
    const backend = openBackend();
    const bytes = Buffer.from((await backend.get(key)) ?? []);
    const middle = Math.floor(bytes.length / 2);
    bytes.writeUInt8(bytes.readUInt8(middle) ^ 0x10, middle);
    await backend.put(key, bytes);
    await backend[Symbol.asyncDispose]();
  };
  return {
    store: await open(),
    folder: folder.path,
    reopen: open,
    damageChunk: (id) => damage(`chunks/sha256/${digits(id).slice(0, 2)}/${digits(id)}`),
    damageManifest: (digest) => damage(`manifests/sha256/${digits(digest)}`),
    leftovers: async () => (await findLeftovers(openBackend())).map(({ kind, key }) => `${kind} ${key}`),
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const digits = (id: string): string => id.slice("sha256:".length);
