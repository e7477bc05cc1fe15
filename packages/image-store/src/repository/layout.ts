import type { ChunkId } from "./chunk-id.ts";
import { segmentOfName } from "./image-name.ts";

/**
 * Where what lies in a store. Beside these: `sessions/` and `collections/`, who works on it just now.
 *
 * | key | what |
 * |---|---|
 * | `store.json` | that this is an image store, and of which version |
 * | `chunks/sha256/3f/3fa9…` | 4 MiB of some image's address space, see `codec/chunk-codec.ts` |
 * | `manifests/sha256/77ab…` | what an image consists of, see `manifest.ts` |
 * | `names/debian-12.1` | a name, and the digest of its manifest: the roots of collection |
 * | `notes/…` | what may be garbage by now, see `collection/garbage-note.ts` |
 */
export const layout = {
  store: "store.json",
  chunks: "chunks/",
  manifests: "manifests/",
  names: "names/",
  notes: "notes/",
} as const;

/** Of a chunk; two digits of the hash spread a million chunks over 256 folders. */
export function chunkKey(id: ChunkId): string {
  const [algorithm, digits] = parts(id);
  return `${layout.chunks}${algorithm}/${digits.slice(0, 2)}/${digits}`;
}

/** Of a sealed manifest. */
export function manifestKey(digest: string): string {
  const [algorithm, digits] = parts(digest);
  return `${layout.manifests}${algorithm}/${digits}`;
}

/** Of a name. */
export const nameKey = (name: string): string => layout.names + segmentOfName(name);

/** The id or digest that a key of a chunk or manifest ends with; `undefined` for what is neither. */
export function idOfKey(key: string): string | undefined {
  const segments = key.split("/");
  const digits = segments.at(-1) ?? "";
  return /^[0-9a-f]{64}$/.test(digits) && segments[1] === "sha256" ? `sha256:${digits}` : undefined;
}

function parts(id: string): readonly [algorithm: string, digits: string] {
  const colon = id.indexOf(":");
  return [id.slice(0, colon), id.slice(colon + 1)];
}
