import { describe, expect, it } from "vitest";
import { s3Backend } from "../../src/index.ts";
import type { S3BackendOptions } from "../../src/index.ts";
import { isSigned } from "../support/aws-signature.ts";
import { scriptedServer } from "../support/scripted-server.ts";

const access = { bucket: "images", accessKeyId: "somebody", secretAccessKey: "a-very-secret-key" };
const failure = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;
const page = (keys: readonly string[], token?: string): string => `<?xml version="1.0"?><ListBucketResult>
  <IsTruncated>${token !== undefined}</IsTruncated>
  ${token === undefined ? "" : `<NextContinuationToken>${token}</NextContinuationToken>`}
  ${keys.map((key) => `<Contents><Key>${key}</Key><Size>3</Size><LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents>`).join("")}
</ListBucketResult>`;

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

describe("the S3 backend", () => {
  it("lists page after page", async () => {
    await using server = await scriptedServer((request, response) => {
      const query = new URL(request.url ?? "", "http://x").searchParams;
      response.end(query.get("continuation-token") === null ? page(["names/a.0"], "1/+=&amp;") : page(["names/b.0"]));
    });
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    const objects = [];
    for await (const object of backend.list("names/")) objects.push(object);
    expect(objects).toEqual([
      { key: "names/a.0", bytes: 3, modifiedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) },
      { key: "names/b.0", bytes: 3, modifiedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) },
    ]);
    expect(server.seen[1]).toContain(`continuation-token=${encodeURIComponent("1/+=&")}`);
  });

  it("lists an empty bucket", async () => {
    await using server = await scriptedServer((_, response) => response.end(page([])));
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    expect(await first(backend.list("names/"))).toBeUndefined();
  });

  it("tries again when the store is busy", async () => {
    let asked = 0;
    await using server = await scriptedServer((_, response) => {
      asked += 1;
      response.statusCode = asked === 1 ? 503 : 200;
      response.end(asked === 1 ? failure("SlowDown") : "abc");
    });
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    expect(Buffer.from((await backend.get("store.json")) ?? []).toString()).toBe("abc");
    expect(asked).toBe(2);
  });

  it("names the bucket in the path or in the host, as the store wants it", async () => {
    await using server = await scriptedServer((_, response) => response.end("abc"));
    await using inPath = s3Backend({ ...access, endpoint: `${server.endpoint}/s3/` });
    await inPath.get("store.json");
    expect(server.seen).toEqual(["GET /s3/images/store.json"]);
    await using inHost = s3Backend({ ...access, endpoint: "https://s3.example.org", pathStyle: false });
    expect(inHost.name).toBe("s3://images at s3.example.org");
  });

  it("says that a bucket is missing, that keys are wrong, that nobody answers: without any secret", async () => {
    await using server = await scriptedServer((request, response) => {
      response.statusCode = request.method === "PUT" ? 403 : 404;
      response.end(failure(request.method === "PUT" ? "SignatureDoesNotMatch" : "NoSuchBucket"));
    });
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    const errors: unknown[] = await Promise.all([
      backend.get("store.json").catch((error: unknown) => error),
      backend.put("store.json", new Uint8Array(3)).catch((error: unknown) => error),
      first(backend.list("")).catch((error: unknown) => error),
    ]);
    expect(errors).toMatchObject([
      { code: "HOST_UNAVAILABLE", retryable: false, details: { reason: "it answers 404 NoSuchBucket" } },
      { code: "HOST_UNAVAILABLE", retryable: false, details: { reason: "it answers 403 SignatureDoesNotMatch" } },
      { code: "HOST_UNAVAILABLE", retryable: false, details: { reason: "it answers 404 NoSuchBucket" } },
    ]);
    for (const error of errors) {
      const { stack, cause } = error as Error;
      expect(JSON.stringify([error, stack, String(cause)])).not.toContain(access.secretAccessKey);
    }
  });

  it("signs every request as S3 checks it", async () => {
    const signed: boolean[] = [];
    await using server = await scriptedServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        signed.push(isSigned(request, Buffer.concat(parts), access.secretAccessKey));
        response.end(request.url?.includes("list-type") === true ? page([]) : "abc");
      });
    });
    await using backend = s3Backend({ ...access, endpoint: server.endpoint, region: "eu-central-1" });
    await backend.put("chunks/sha256/ab/abc", Buffer.alloc(100_000, 7));
    await backend.get("chunks/sha256/ab/abc");
    await backend.get("names/a.0", { range: { start: 1, end: 2 } });
    await backend.delete("names/_a-b.0");
    await first(backend.list("names/a"));
    expect(signed).toEqual(signed.map(() => true));
    expect(signed.length).toBeGreaterThanOrEqual(6);
    await using stranger = s3Backend({ ...access, endpoint: server.endpoint, secretAccessKey: "guessed" });
    await stranger.get("names/a.0");
    expect(signed.at(-1)).toBe(false);
  });

  it("refuses a listing that is none", async () => {
    await using server = await scriptedServer((_, response) => response.end("<html>Welcome to nginx</html>"));
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    await expect(first(backend.list(""))).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
  });

  it("stops waiting for an answer when the signal fires", async () => {
    await using server = await scriptedServer(() => {});
    await using backend = s3Backend({ ...access, endpoint: server.endpoint });
    const controller = new AbortController();
    const reading = backend.get("store.json", { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(reading).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("refuses options that are wrong, with the path of each", () => {
    const wrong = { ...access, endpoint: "ftp://x", bucket: "A/B", more: 1 } as S3BackendOptions;
    expect(() => s3Backend(wrong)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: {
          issues: [
            expect.objectContaining({ path: "endpoint" }),
            expect.objectContaining({ path: "bucket" }),
            expect.objectContaining({ path: "" }),
          ] as unknown[],
        },
      }),
    );
  });
});
