import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { expect, it } from "vitest";
import { eachCase, faultsOf } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";
import { chunkBytes, seededBytes } from "./disk-files.ts";

const idOf = (seed: number, length = chunkBytes): string =>
  `sha256:${createHash("sha256").update(seededBytes(seed, length)).digest("hex")}`;

/** What is damaged is named and refused; what is not goes on. */
export function verifySuite(open: OpenImageStoreSubject): void {
  it(
    "finds nothing wrong with what is whole",
    eachCase(open, async ({ store, disk }) => {
      await store.import("one", await disk("one", { bytes: 3 * chunkBytes, chunks: { 0: 1, 2: 2 } }));
      await store.import("two", await disk("two", { bytes: 3 * chunkBytes, chunks: { 0: 1 } }));
      expect(await faultsOf(store)).toEqual([]);
      expect(await faultsOf(store, "two")).toEqual([]);
    }),
  );

  it(
    "names a damaged chunk, and each image that has it",
    eachCase(open, async ({ store, disk, damageChunk }) => {
      await store.import("one", await disk("one", { bytes: 2 * chunkBytes, chunks: { 0: 1, 1: 2 } }));
      await store.import("two", await disk("two", { bytes: 2 * chunkBytes, chunks: { 0: 1, 1: 3 } }));
      await store.import("three", await disk("three", { bytes: 2 * chunkBytes, chunks: { 1: 3 } }));
      await damageChunk(idOf(1));
      const faults = (await faultsOf(store)).toSorted((a, b) => (a.image < b.image ? -1 : 1));
      expect(faults).toMatchObject([
        { image: "one", chunk: idOf(1) },
        { image: "two", chunk: idOf(1) },
      ]);
      expect(await faultsOf(store, "three")).toEqual([]);
    }),
  );

  it(
    "refuses to export a damaged image, and exports the others",
    eachCase(open, async ({ store, disk, folder, file, damageChunk }) => {
      await store.import("one", await disk("one", { bytes: 2 * chunkBytes, chunks: { 0: 1, 1: 2 } }));
      await store.import("two", await disk("two", { bytes: 2 * chunkBytes, chunks: { 1: 3 } }));
      await damageChunk(idOf(2));
      await expect(store.export("one", file("out"))).rejects.toMatchObject({
        code: "IMAGE_CORRUPT",
        details: { image: "one", chunk: idOf(2) },
      });
      expect((await readdir(folder)).toSorted()).toEqual(["one", "two"]);
      await store.export("two", file("out"));
    }),
  );

  it(
    "names an image whose manifest is damaged",
    eachCase(open, async ({ store, disk, file, damageManifest }) => {
      const { digest } = await store.import("one", await disk("one", { bytes: 60_000, chunks: { 0: 1 } }));
      await store.import("two", await disk("two", { bytes: 60_000, chunks: { 0: 2 } }));
      await damageManifest(digest);
      expect(await faultsOf(store)).toMatchObject([{ image: "one", chunk: undefined }]);
      await expect(store.export("one", file("out"))).rejects.toMatchObject({
        code: "IMAGE_CORRUPT",
        details: { image: "one" },
      });
      await store.export("two", file("out"));
    }),
  );

  it(
    "lets a damaged image be deleted, and takes its room back",
    eachCase(open, async ({ store, disk, damageManifest, leftovers }) => {
      const { digest } = await store.import("one", await disk("one", { bytes: 60_000, chunks: { 0: 1 } }));
      await store.import("two", await disk("two", { bytes: 60_000, chunks: { 0: 2 } }));
      await damageManifest(digest);
      await store.delete("one");
      expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "deletes no chunk while it cannot tell what an image has",
    eachCase(open, async ({ store, disk, file, damageManifest }) => {
      const { digest } = await store.import("one", await disk("one", { bytes: 60_000, chunks: { 0: 1 } }));
      await store.import("two", await disk("two", { bytes: 60_000, chunks: { 0: 2 } }));
      await damageManifest(digest);
      await store.delete("two");
      expect(await store.get("two")).toBeUndefined();
      // The damaged image may have had them.
      expect(await store.stats()).toMatchObject({ images: 1, chunks: 2 });
      await expect(store.export("two", file("out"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    }),
  );
}
