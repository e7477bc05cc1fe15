import { describe } from "vitest";
import type { OpenImageStoreSubject } from "./case.ts";
import { deleteSuite } from "./delete.ts";
import { exportSuite } from "./export.ts";
import { importSuite } from "./import.ts";
import { namesSuite } from "./names.ts";
import { qcow2Suite } from "./qcow2.ts";
import { verifySuite } from "./verify.ts";

export type { ImageStoreSubject, OpenImageStoreSubject } from "./case.ts";

/**
 * Proves an `ImageStore`. Call it in a vitest file; your store's own cases come after it. The cases of qcow2 need
 * qemu-img, and are skipped without.
 *
 * @param name of the store, for the report
 * @param open gives each case a store with nothing in it, and hands that reach past it
 * @example
 * describeImageStore("my image store", () => openSubject());
 */
export function describeImageStore(name: string, open: OpenImageStoreSubject): void {
  describe(`${name} as an image store`, () => {
    describe("import", () => {
      importSuite(open);
    });
    describe("qcow2", () => {
      qcow2Suite(open);
    });
    describe("names", () => {
      namesSuite(open);
    });
    describe("export", () => {
      exportSuite(open);
    });
    describe("delete", () => {
      deleteSuite(open);
    });
    describe("verify", () => {
      verifySuite(open);
    });
  });
}
