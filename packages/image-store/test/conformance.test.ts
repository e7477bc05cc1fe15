import { join } from "node:path";
import { describeImageStore } from "@cloudhost/conformance";
import { afterAll } from "vitest";
import { fileSystemBackend, memoryBackend, s3Backend } from "../src/index.ts";
import { temporaryFolder } from "./support/folder.ts";
import { openImageStoreSubject } from "./support/image-store-subject.ts";
import { sharedS3Server } from "./support/s3-server.ts";

const server = sharedS3Server();
afterAll(() => server.stop());

describeImageStore("memory", () => {
  const backend = memoryBackend();
  return openImageStoreSubject(() => backend);
});

describeImageStore("file system", async () => {
  const folder = await temporaryFolder();
  const subject = await openImageStoreSubject(() => fileSystemBackend(join(folder.path, "store")));
  return {
    ...subject,
    async [Symbol.asyncDispose]() {
      await subject[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describeImageStore("S3", async () => {
  const bucket = await server.bucket();
  return openImageStoreSubject(() => s3Backend(bucket));
});
