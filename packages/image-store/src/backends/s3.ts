import { z } from "zod";
import { parseInput } from "@cloudhost/core/ports";
import type { ChunkBackend, ChunkReadOptions, StoredObject } from "@cloudhost/core/ports";
import { parseKey, parseKeyPrefix } from "./object-key.ts";
import type { S3Bucket, S3Client } from "./s3-client.ts";

/** Options of {@link s3Backend}. */
export const S3BackendOptions = z.strictObject({
  /** Of the service: `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:4568`. */
  endpoint: z.url({ protocol: /^https?$/ }),
  /** Signed into each request; a store that has none takes any. */
  region: z.string().min(1).default("us-east-1"),
  /** It exists already. */
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "not a bucket's name"),
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  /** Whether the bucket is in the path of the URL, as most stores other than Amazon's want it, or in its host name. */
  pathStyle: z.boolean().default(true),
});
export type S3BackendOptions = z.input<typeof S3BackendOptions>;

/**
 * Keeps objects in a bucket of anything that speaks the S3 protocol. Needs no conditional put, no multipart upload and
 * no versions. Requests have time limits, and are repeated with growing pauses when the store is busy or a connection
 * breaks.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * s3Backend({ endpoint: "http://127.0.0.1:4568", bucket: "images", accessKeyId: "…", secretAccessKey: "…" });
 */
export function s3Backend(options: S3BackendOptions): ChunkBackend {
  const { endpoint, bucket, pathStyle, ...access } = parseInput(
    S3BackendOptions,
    options,
    "the options of s3Backend()",
  );
  const url = new URL(endpoint);
  if (pathStyle) url.pathname = `${url.pathname.replace(/\/$/, "")}/${bucket}`;
  else url.hostname = `${bucket}.${url.hostname}`;
  return new S3Backend({ ...access, name: `s3://${bucket} at ${new URL(endpoint).host}`, url });
}

class S3Backend implements ChunkBackend {
  readonly name: string;
  readonly #bucket: S3Bucket;
  #client: Promise<S3Client> | undefined;

  constructor(bucket: S3Bucket) {
    this.name = bucket.name;
    this.#bucket = bucket;
  }

  async get(key: string, { range, signal }: ChunkReadOptions = {}): Promise<Uint8Array | undefined> {
    const parsed = parseKey(key);
    const client = await this.#connect();
    if (range === undefined) return (await client.send({ method: "GET", key: parsed, signal }))?.body;
    // An empty range cannot be asked for, and one behind the end is an error there.
    const bytes = await this.size(parsed, signal);
    if (bytes === undefined) return undefined;
    if (range.start >= Math.min(range.end, bytes)) return new Uint8Array();
    const headers = { range: `bytes=${range.start}-${Math.min(range.end, bytes) - 1}` };
    return (await client.send({ method: "GET", key: parsed, headers, signal }))?.body;
  }

  async size(key: string, signal?: AbortSignal): Promise<number | undefined> {
    const call = { method: "HEAD", key: parseKey(key), signal } as const;
    const answer = await (await this.#connect()).send(call);
    return answer === undefined ? undefined : Number(answer.headers["content-length"]);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const headers = { "content-length": String(bytes.length), "content-type": "application/octet-stream" };
    const call = { method: "PUT", key: parseKey(key), headers, body: bytes, signal } as const;
    const client = await this.#connect();
    if ((await client.send(call)) === undefined) throw client.strange("it answers 404 to a put");
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const call = { method: "DELETE", key: parseKey(key), signal } as const;
    await (await this.#connect()).send(call);
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
    parseKeyPrefix(prefix);
    const client = await this.#connect();
    let next: string | undefined;
    do {
      const page = await client.list(prefix, next, signal);
      yield* page.objects;
      next = page.next;
    } while (next !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#client)?.[Symbol.dispose]();
  }

  /** The libraries that it takes are loaded by the first request: whoever stores in files waits for none of them. */
  #connect(): Promise<S3Client> {
    this.#client ??= import("./s3-client.ts").then((module) => new module.S3Client(this.#bucket));
    return this.#client;
  }
}
