import { describeChunkBackend } from "@cloudhost/conformance";
import type { ChunkBackend } from "@cloudhost/core/ports";
import { afterAll } from "vitest";
import { fileSystemBackend, memoryBackend, s3Backend } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { sharedS3Server } from "../support/s3-server.ts";

const server = sharedS3Server();
afterAll(() => server.stop());

describeChunkBackend("memory", async () => {
  const backend = memoryBackend();
  return { backend, reopen: async () => backend, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() };
});

describeChunkBackend("file system", async () => {
  const folder = await temporaryFolder();
  return {
    backend: fileSystemBackend(folder.path),
    reopen: async () => fileSystemBackend(folder.path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
});

describeChunkBackend("S3", async () => {
  const options = await server.bucket();
  const opened: ChunkBackend[] = [];
  const open = (): ChunkBackend => {
    const backend = s3Backend(options);
    opened.push(backend);
    return backend;
  };
  return {
    backend: open(),
    reopen: async () => open(),
    // s3rver writes in place. Its pages are not tried: it makes their tokens with a cipher that OpenSSL 3 has dropped.
    tornPuts: true,
    async [Symbol.asyncDispose]() {
      for (const backend of opened) await backend[Symbol.asyncDispose]();
    },
  };
});
