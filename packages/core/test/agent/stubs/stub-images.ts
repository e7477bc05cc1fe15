import type { HostImages } from "../../../src/ports/index.ts";
import type { StubHost } from "./stub-host.ts";

/** A digest of the right form. */
export const someDigest = `sha256:${"0".repeat(64)}`;

/** Images that do as their host is told: `ensure` and `ingest` report half of their way. */
export function stubImages(host: StubHost): HostImages {
  const half = { doneBytes: 1, totalBytes: 2, percent: 50, chunks: { total: 2, zero: 0, duplicate: 0, new: 2 } };
  return {
    async ensure({ holder, digest }, options) {
      host.holders.add(holder);
      options?.onProgress?.(half);
      await host.call("ensure", holder, options?.signal);
      return { path: `/images/${holder}`, format: "raw", digest };
    },
    async release(holder) {
      await host.call("release", holder);
      host.holders.delete(holder);
    },
    holders: async () => [...host.holders],
    async ingest(_source, imageId, options) {
      options?.onProgress?.(half);
      await host.call("ingest", imageId, options?.signal);
      return { digest: someDigest, logicalBytes: 2, storedBytes: 2, chunks: half.chunks };
    },
    async [Symbol.asyncDispose]() {},
  };
}
