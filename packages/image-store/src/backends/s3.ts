import { z } from "zod";
import { CloudHostError, parseInput } from "@cloudhost/core/ports";
import type { ChunkBackend, ChunkReadOptions, StoredObject } from "@cloudhost/core/ports";
import { parseKey, parseKeyPrefix } from "./object-key.ts";
import { S3Client } from "./s3-client.ts";
import type { S3Bucket } from "./s3-client.ts";
import { parseListing } from "./s3-listing.ts";
import type { S3Page } from "./s3-listing.ts";

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
  readonly #client: S3Client;

  constructor(bucket: S3Bucket) {
    this.name = bucket.name;
    this.#client = new S3Client(bucket);
  }

  async get(key: string, { range, signal }: ChunkReadOptions = {}): Promise<Uint8Array | undefined> {
    const parsed = parseKey(key);
    if (range === undefined) return (await this.#client.send({ method: "GET", key: parsed, signal }))?.body;
    // An empty range cannot be asked for, and one behind the end is an error there.
    const bytes = await this.size(parsed, signal);
    if (bytes === undefined) return undefined;
    if (range.start >= Math.min(range.end, bytes)) return new Uint8Array();
    const headers = { range: `bytes=${range.start}-${Math.min(range.end, bytes) - 1}` };
    return (await this.#client.send({ method: "GET", key: parsed, headers, signal }))?.body;
  }

  async size(key: string, signal?: AbortSignal): Promise<number | undefined> {
    const answer = await this.#client.send({ method: "HEAD", key: parseKey(key), signal });
    return answer === undefined ? undefined : Number(answer.headers["content-length"]);
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const headers = { "content-length": String(bytes.length), "content-type": "application/octet-stream" };
    const answer = await this.#client.send({ method: "PUT", key: parseKey(key), headers, body: bytes, signal });
    if (answer === undefined) throw this.#strange("it answers 404 to a put");
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    await this.#client.send({ method: "DELETE", key: parseKey(key), signal });
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
    parseKeyPrefix(prefix);
    let next: string | undefined;
    do {
      const query = { "list-type": "2", prefix, ...(next === undefined ? {} : { "continuation-token": next }) };
      const answer = await this.#client.send({ method: "GET", key: "", query, signal });
      if (answer === undefined) throw this.#strange("it answers 404 to a listing");
      const page = this.#parse(answer.body);
      yield* page.objects;
      next = page.next;
    } while (next !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]();
  }

  #parse(body: Uint8Array): S3Page {
    try {
      return parseListing(Buffer.from(body).toString("utf8"));
    } catch (cause) {
      throw this.#strange("its listing is no ListBucketResult", cause);
    }
  }

  #strange(reason: string, cause?: unknown): CloudHostError {
    const details = { host: this.name, reason };
    return new CloudHostError("HOST_UNAVAILABLE", `${this.name} is no S3 store: ${reason}.`, details, { cause });
  }
}
