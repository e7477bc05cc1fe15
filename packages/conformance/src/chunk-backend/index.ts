import { describe } from "vitest";
import { cancelSuite } from "./cancel.ts";
import type { OpenChunkBackendSubject } from "./case.ts";
import { keysSuite } from "./keys.ts";
import { listingSuite } from "./listing.ts";
import { objectsSuite } from "./objects.ts";
import { rangesSuite } from "./ranges.ts";

export type { ChunkBackendSubject, OpenChunkBackendSubject } from "./case.ts";

/**
 * Proves a `ChunkBackend`. Call it in a vitest file; your backend's own cases come after it.
 *
 * @param name of the object store, for the report
 * @param open gives each case a backend with nothing in it
 * @example
 * describeChunkBackend("my object store", () => openSubject());
 */
export function describeChunkBackend(name: string, open: OpenChunkBackendSubject): void {
  describe(`${name} as a chunk backend`, () => {
    describe("objects", () => {
      objectsSuite(open);
    });
    describe("ranges", () => {
      rangesSuite(open);
    });
    describe("listing", () => {
      listingSuite(open);
    });
    describe("keys", () => {
      keysSuite(open);
    });
    describe("cancellation", () => {
      cancelSuite(open);
    });
  });
}
