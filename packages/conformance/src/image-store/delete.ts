import { expect, it } from "vitest";
import { eachCase, faultsOf, namesOf } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";
import { chunkBytes, sameFiles } from "./disk-files.ts";

/** Deleting: the name first, then what nothing else has, and never what somebody relies on. */
export function deleteSuite(open: OpenImageStoreSubject): void {
  it(
    "removes the name and its chunks",
    eachCase(open, async ({ store, disk, leftovers }) => {
      await store.import("one", await disk("disk", { bytes: 2 * chunkBytes, chunks: { 0: 1, 1: 2 } }));
      await store.delete("one");
      expect(await store.get("one")).toBeUndefined();
      expect(await store.stats()).toEqual({ images: 0, chunks: 0, logicalBytes: 0, storedBytes: 0 });
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "keeps what another image has",
    eachCase(open, async ({ store, disk, file, leftovers }) => {
      await store.import("one", await disk("one", { bytes: 3 * chunkBytes, chunks: { 0: 1, 1: 2 } }));
      const path = await disk("two", { bytes: 3 * chunkBytes, chunks: { 0: 1, 2: 3 } });
      await store.import("two", path);
      await store.delete("one");
      expect(await store.stats()).toMatchObject({ images: 1, chunks: 2 });
      await store.export("two", file("out"));
      expect(await sameFiles(path, file("out"))).toBe(true);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "keeps an image that has another name still",
    eachCase(open, async ({ store, disk, leftovers }) => {
      const path = await disk("disk", { bytes: 60_000, chunks: { 0: 1 } });
      await store.import("one", path);
      await store.import("two", path);
      await store.delete("one");
      expect(await namesOf(store)).toEqual(["two"]);
      expect(await faultsOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "deletes what is not there, as after a crash",
    eachCase(open, async ({ store }) => {
      await expect(store.delete("nobody")).resolves.toBeUndefined();
    }),
  );

  it(
    "lets a name be used again",
    eachCase(open, async ({ store, disk, file }) => {
      await store.import("one", await disk("first", { bytes: 60_000, chunks: { 0: 1 } }));
      await store.delete("one");
      const path = await disk("second", { bytes: 60_000, chunks: { 0: 2 } });
      await store.import("one", path);
      await store.export("one", file("out"));
      expect(await sameFiles(path, file("out"))).toBe(true);
    }),
  );

  it(
    "deletes several images at once",
    eachCase(open, async ({ store, reopen, disk, leftovers }) => {
      const names = ["a", "b", "c", "d"];
      for (const [seed, name] of names.entries()) {
        await store.import(name, await disk(name, { bytes: chunkBytes + 60_000, chunks: { 0: 99, 1: seed + 1 } }));
      }
      const other = await reopen();
      await Promise.all(names.map((name, at) => (at % 2 === 0 ? store : other).delete(name)));
      expect(await store.stats()).toMatchObject({ images: 0, chunks: 0 });
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "takes nothing from an import that is under way",
    eachCase(open, async ({ store, reopen, disk, file, leftovers }) => {
      const shared = { 0: 1, 1: 2, 2: 3, 3: 4 };
      await store.import("old", await disk("old", { bytes: 9 * chunkBytes, chunks: { ...shared, 8: 7 } }));
      const path = await disk("new", { bytes: 9 * chunkBytes, chunks: { ...shared, 6: 5, 7: 6 } });
      const other = await reopen();
      // Begun once the import has found a chunk of the old image, and relies on it.
      let deletion: Promise<void> | undefined;
      const onProgress = (): void => void (deletion ??= other.delete("old"));
      await store.import("new", path, { onProgress });
      await deletion;
      await store.export("new", file("out"));
      expect(await sameFiles(path, file("out"))).toBe(true);
      expect(await namesOf(store)).toEqual(["new"]);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "ends well however imports and deletions interleave",
    eachCase(open, async ({ store, reopen, disk, leftovers }) => {
      const other = await reopen();
      const paths = await Promise.all(
        [1, 2, 3].map((seed) => disk(`disk-${seed}`, { bytes: chunkBytes + 60_000, chunks: { 0: 50, 1: seed } })),
      );
      const churn = async (worker: typeof store, name: string, path: string): Promise<void> => {
        for (let round = 0; round < 3; round += 1) {
          await worker.import(name, path);
          await worker.delete(name);
        }
        await worker.import(name, path);
      };
      await Promise.all(paths.map((path, at) => churn(at === 1 ? other : store, `image-${at}`, path)));
      expect(await namesOf(store)).toEqual(["image-0", "image-1", "image-2"]);
      expect(await faultsOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
    }),
  );
}
