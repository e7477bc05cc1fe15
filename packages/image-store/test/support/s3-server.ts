import S3rver from "s3rver";
import type { S3BackendOptions } from "../../src/index.ts";
import { temporaryFolder } from "./folder.ts";

/** An S3 server in this process, on a port of its own, over a folder that goes with it. */
export interface S3Server extends AsyncDisposable {
  /** How to reach a bucket that nobody else has. */
  bucket(): Promise<S3BackendOptions>;
}

export async function startS3Server(): Promise<S3Server> {
  const folder = await temporaryFolder();
  const server = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: folder.path });
  const { port } = await server.run();
  let buckets = 0;
  return {
    async bucket() {
      buckets += 1;
      const bucket = `images-${buckets}`;
      await server.store.putBucket(bucket);
      const access = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
      return { endpoint: `http://127.0.0.1:${port}`, bucket, ...access };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A server for as long as a test file runs, started by its first use. */
export function sharedS3Server(): { bucket(): Promise<S3BackendOptions>; stop(): Promise<void> } {
  let server: Promise<S3Server> | undefined;
  return {
    bucket: async () => (await (server ??= startS3Server())).bucket(),
    stop: async () => (await server)?.[Symbol.asyncDispose](),
  };
}
