import { describe } from "vitest";
import type { OpenHostImagesSubject } from "./case.ts";
import { ensureSuite } from "./ensure.ts";
import { holdersSuite } from "./holders.ts";
import { ingestSuite } from "./ingest.ts";

export type { HostImagesSubject, OpenHostImagesSubject } from "./case.ts";

/**
 * Proves a `HostImages`. Call it in a vitest file; your own cases come after it. The cases of qcow2 need qemu-img, and
 * are skipped without.
 *
 * @param name of the implementation, for the report
 * @param open gives each case a host without bases, and a store without images
 * @example
 * describeHostImages("my host's images", (options) => openSubject(options));
 */
export function describeHostImages(name: string, open: OpenHostImagesSubject): void {
  describe(`${name} as a host's images`, () => {
    describe("ensure", () => {
      ensureSuite(open);
    });
    describe("holders", () => {
      holdersSuite(open);
    });
    describe("ingest", () => {
      ingestSuite(open);
    });
  });
}
