import { hash } from "node:crypto";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { Sha256 } from "@aws-crypto/sha256-js";
import { CloudHostError, isCloudHostError } from "@cloudhost/core/ports";
import { HttpRequest } from "@smithy/protocol-http";
import { SignatureV4 } from "@smithy/signature-v4";
import got, { HTTPError, RequestError } from "got";
import { cancelled } from "../failures.ts";
import { parseFailure, parseListing } from "./s3-listing.ts";
import type { S3Page } from "./s3-listing.ts";

/** Where a bucket is, and who asks. */
export interface S3Bucket {
  /** For people, without secrets. */
  readonly name: string;
  /** Of the bucket, without a slash at its end. */
  readonly url: URL;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** One request to it. */
export interface S3Call {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** Of an object; empty for the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
}

/** What came back. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

/** A connection that says nothing for so long is given up; 4 MiB over a slow line may take longer in all. */
const timeout = { connect: 5_000, send: 60_000, response: 30_000, read: 60_000, request: 120_000 } as const;

/** Signs and sends requests; what may succeed the next time is tried three times more, after 1, 2 and 4 s. */
export class S3Client implements Disposable {
  readonly #bucket: S3Bucket;
  readonly #signer: SignatureV4;
  readonly #agents = {
    http: new HttpAgent({ keepAlive: true, maxSockets: 16 }),
    https: new HttpsAgent({ keepAlive: true, maxSockets: 16 }),
  };

  constructor(bucket: S3Bucket) {
    const { region, accessKeyId, secretAccessKey } = bucket;
    this.#bucket = bucket;
    this.#signer = new SignatureV4({
      service: "s3",
      region,
      credentials: { accessKeyId, secretAccessKey },
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  /**
   * The answer; `undefined` when there is no such object.
   * @throws CloudHostError `HOST_UNAVAILABLE`, `CANCELLED`
   */
  async send(call: S3Call): Promise<S3Answer | undefined> {
    const { method, body, signal } = call;
    const { url, headers } = await this.#sign(call);
    try {
      const response = await got(url, {
        method,
        headers,
        responseType: "buffer",
        agent: this.#agents,
        timeout,
        retry: { limit: 3, methods: ["GET", "HEAD", "PUT", "DELETE"] },
        decompress: false,
        followRedirect: false,
        ...(body === undefined ? {} : { body }),
        ...(signal === undefined ? {} : { signal }),
      });
      return { status: response.statusCode, headers: response.headers, body: response.body };
    } catch (error) {
      if (signal?.aborted === true) throw cancelled(`${method} ${call.key}`, error);
      if (isMissingObject(error)) return undefined;
      throw this.#unavailable(error);
    }
  }

  /**
   * One page of what starts with the prefix.
   * @param from where the page before said that it goes on
   */
  async list(prefix: string, from: string | undefined, signal: AbortSignal | undefined): Promise<S3Page> {
    const query = { "list-type": "2", prefix, ...(from === undefined ? {} : { "continuation-token": from }) };
    const answer = await this.send({ method: "GET", key: "", query, signal });
    if (answer === undefined) throw this.strange("it answers 404 to a listing");
    try {
      return parseListing(Buffer.from(answer.body).toString("utf8"));
    } catch (cause) {
      throw this.strange("its listing is no ListBucketResult", cause);
    }
  }

  /** It answers, but not as S3 does. */
  strange(reason: string, cause?: unknown): CloudHostError {
    const { name } = this.#bucket;
    return new CloudHostError(
      "HOST_UNAVAILABLE",
      `${name} is no S3 store: ${reason}.`,
      { host: name, reason },
      { cause },
    );
  }

  [Symbol.dispose](): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  async #sign({ method, key, query = {}, headers = {}, body }: S3Call): Promise<{
    readonly url: URL;
    readonly headers: Record<string, string>;
  }> {
    const url = new URL(this.#bucket.url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${key}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await this.#signer.sign(
      new HttpRequest({
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query,
        // The store hashes what arrives and compares: the signature covers the body by this.
        headers: { ...headers, host: url.host, "x-amz-content-sha256": hash("sha256", body ?? "", "hex") },
      }),
    );
    return { url, headers: signed.headers };
  }

  #unavailable(error: unknown): CloudHostError {
    if (isCloudHostError(error)) return error;
    const { name } = this.#bucket;
    const refused = error instanceof HTTPError ? refusal(error) : undefined;
    const reason =
      refused?.reason ?? (error instanceof RequestError ? `${error.code}: ${error.message}` : String(error));
    return new CloudHostError(
      "HOST_UNAVAILABLE",
      `The object store ${name} does not serve us: ${reason}.`,
      { host: name, reason },
      // Not the client's own error, which carries the whole request with its signature.
      { cause: new Error(reason), retryable: refused?.retryable ?? true },
    );
  }
}

function isMissingObject(error: unknown): boolean {
  if (!(error instanceof HTTPError) || error.response.statusCode !== 404) return false;
  // An answer to HEAD has no body: that the bucket is missing shows with the first GET or PUT.
  return failureOf(error) !== "NoSuchBucket";
}

function refusal(error: HTTPError): { readonly reason: string; readonly retryable: boolean } {
  const status = error.response.statusCode;
  const failure = failureOf(error);
  return {
    reason: failure === undefined ? `it answers ${status}` : `it answers ${status} ${failure}`,
    retryable: status >= 500 || status === 429 || status === 408,
  };
}

const failureOf = (error: HTTPError): string | undefined =>
  parseFailure(Buffer.from(error.response.rawBody ?? []).toString("utf8"));
