import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

const hex = (text: string | Uint8Array): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Uint8Array, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * Whether a request is signed as S3 checks it: AWS Signature Version 4, worked out here once more from the description,
 * since the server that the tests run against looks at no signature.
 */
export function isSigned(request: IncomingMessage, body: Uint8Array, secretAccessKey: string): boolean {
  const authorization = request.headers.authorization ?? "";
  const [, scope = "", signedHeaders = "", signature = ""] =
    /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]+)/.exec(authorization) ?? [];
  const [date = "", region = "", service = "", terminator = ""] = scope.split("/");
  const payload = String(request.headers["x-amz-content-sha256"]);
  const needed = ["host", "x-amz-content-sha256", "x-amz-date"];
  if (payload !== hex(body) || !needed.every((name) => signedHeaders.split(";").includes(name))) return false;

  const url = new URL(request.url ?? "", "http://x");
  const query = [...url.searchParams].map(([name, value]) => `${escape(name)}=${escape(value)}`).toSorted();
  const headers = signedHeaders.split(";").map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const canonical = [request.method, url.pathname, query.join("&"), headers.join(""), signedHeaders, payload].join(
    "\n",
  );
  const text = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hex(canonical)].join("\n");
  const key = [date, region, service, terminator].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return hmac(key, text).toString("hex") === signature;
}
