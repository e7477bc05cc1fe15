import { writeFile } from "node:fs/promises";
import type { TransferProgress } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, namesOf } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";
import { chunkBytes, sameFiles, seededBytes } from "./disk-files.ts";

/** Importing raw disks: every chunk once, zeros for nothing, the name last. */
export function importSuite(open: OpenImageStoreSubject): void {
  it(
    "gives a disk back byte for byte, its short last chunk too",
    eachCase(open, async ({ store, disk, file }) => {
      const path = await disk("disk", { bytes: 3 * chunkBytes + 12_345, chunks: { 0: 1, 2: 2, 3: 3 } });
      const sealed = await store.import("one", path);
      await store.export("one", file("out"));
      expect(await sameFiles(path, file("out"))).toBe(true);
      expect(sealed).toMatchObject({ logicalBytes: 3 * chunkBytes + 12_345 });
      expect(await store.get("one")).toEqual({
        name: "one",
        digest: sealed.digest,
        logicalBytes: 3 * chunkBytes + 12_345,
      });
    }),
  );

  it(
    "counts chunks that are zero, new, and duplicates within the disk",
    eachCase(open, async ({ store, disk }) => {
      const path = await disk("disk", { bytes: 6 * chunkBytes, chunks: { 0: 1, 2: 1, 3: 2, 5: 1 } });
      const { chunks, storedBytes } = await store.import("one", path);
      expect(chunks).toEqual({ total: 6, zero: 2, duplicate: 2, new: 2 });
      expect(storedBytes).toBeGreaterThanOrEqual(2 * chunkBytes);
      expect(storedBytes).toBeLessThan(2 * chunkBytes + 10_000);
      expect(await store.stats()).toMatchObject({ images: 1, chunks: 2, logicalBytes: 6 * chunkBytes, storedBytes });
    }),
  );

  it(
    "stores what two disks share once",
    eachCase(open, async ({ store, disk }) => {
      await store.import("base", await disk("base", { bytes: 4 * chunkBytes, chunks: { 0: 1, 1: 2, 2: 3 } }));
      const next = await disk("next", { bytes: 5 * chunkBytes, chunks: { 0: 1, 1: 9, 2: 3 } });
      expect((await store.import("next", next)).chunks).toEqual({ total: 5, zero: 2, duplicate: 2, new: 1 });
      expect(await store.stats()).toMatchObject({ images: 2, chunks: 4 });
    }),
  );

  it(
    "takes nothing for zeros, written or holes",
    eachCase(open, async ({ store, disk, file }) => {
      await writeFile(file("zeros"), Buffer.alloc(2 * chunkBytes));
      const zeros = await store.import("zeros", file("zeros"));
      const hole = await store.import("hole", await disk("hole", { bytes: 2 * chunkBytes, chunks: {} }));
      expect(zeros).toMatchObject({ storedBytes: 0, chunks: { total: 2, zero: 2, duplicate: 0, new: 0 } });
      expect(hole.digest).toBe(zeros.digest);
      expect(await store.stats()).toMatchObject({ chunks: 0, storedBytes: 0 });
    }),
  );

  it(
    "takes less room for what compresses",
    eachCase(open, async ({ store, file }) => {
      await writeFile(file("text"), "all work and no play\n".repeat(100_000));
      expect((await store.import("text", file("text"))).storedBytes).toBeLessThan(100_000);
    }),
  );

  it(
    "may be repeated, as after a crash",
    eachCase(open, async ({ store, disk }) => {
      const path = await disk("disk", { bytes: 60_000, chunks: { 0: 1 } });
      const first = await store.import("one", path);
      const again = await store.import("one", path);
      expect(again.digest).toBe(first.digest);
      expect(again).toMatchObject({ storedBytes: 0, chunks: { duplicate: 1, new: 0 } });
    }),
  );

  it(
    "refuses another image under a name, and keeps the first",
    eachCase(open, async ({ store, disk, file, leftovers }) => {
      const path = await disk("disk", { bytes: 60_000, chunks: { 0: 1 } });
      await store.import("one", path);
      const other = await disk("other", { bytes: 60_000, chunks: { 0: 2 } });
      await expect(store.import("one", other)).rejects.toMatchObject({ code: "CONFLICT", retryable: false });
      await store.export("one", file("out"));
      expect(await sameFiles(path, file("out"))).toBe(true);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "tells how far it is, up to the end",
    eachCase(open, async ({ store, disk }) => {
      const path = await disk("disk", { bytes: 4 * chunkBytes + 100, chunks: { 1: 1, 3: 1, 4: 2 } });
      const told: TransferProgress[] = [];
      await store.import("one", path, { onProgress: (progress) => void told.push(progress) });
      const done = told.map(({ doneBytes }) => doneBytes);
      expect(done).toEqual(done.toSorted((a, b) => a - b));
      expect(told.at(-1)).toEqual({
        doneBytes: 4 * chunkBytes + 100,
        totalBytes: 4 * chunkBytes + 100,
        percent: 100,
        chunks: { total: 5, zero: 2, duplicate: 1, new: 2 },
      });
    }),
  );

  it(
    "leaves nothing when it is cancelled in the middle",
    eachCase(open, async ({ store, disk, leftovers }) => {
      const path = await disk("disk", {
        bytes: 12 * chunkBytes,
        chunks: { 0: 1, 1: 2, 2: 3, 8: 4, 9: 5, 10: 6, 11: 7 },
      });
      const controller = new AbortController();
      const onProgress = (): void => controller.abort();
      await expect(store.import("one", path, { signal: controller.signal, onProgress })).rejects.toMatchObject({
        code: "CANCELLED",
      });
      expect(await namesOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
      expect((await store.import("one", path)).chunks).toMatchObject({ new: 7, duplicate: 0 });
    }),
  );

  it(
    "does nothing when the signal has fired already",
    eachCase(open, async ({ store, disk }) => {
      const path = await disk("disk", { bytes: 60_000, chunks: { 0: 1 } });
      await expect(store.import("one", path, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: "CANCELLED",
      });
      expect(await store.stats()).toMatchObject({ images: 0, chunks: 0 });
    }),
  );

  it(
    "imports one disk under two names at once",
    eachCase(open, async ({ store, reopen, disk, leftovers }) => {
      const path = await disk("disk", { bytes: 3 * chunkBytes, chunks: { 0: 1, 1: 2 } });
      const other = await reopen();
      const [a, b] = await Promise.all([store.import("a", path), other.import("b", path)]);
      expect(a.digest).toBe(b.digest);
      expect(await store.stats()).toMatchObject({ images: 2, chunks: 2 });
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "lets one of two different disks have a name that both want",
    eachCase(open, async ({ store, reopen, disk, file, leftovers }) => {
      const paths = [
        await disk("a", { bytes: 60_000, chunks: { 0: 1 } }),
        await disk("b", { bytes: 60_000, chunks: { 0: 2 } }),
      ] as const;
      const other = await reopen();
      const ended = await Promise.allSettled([store.import("one", paths[0]), other.import("one", paths[1])]);
      expect(ended.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const failed = ended.find((end) => end.status === "rejected");
      expect(failed?.reason).toMatchObject({ code: "CONFLICT" });
      await store.export("one", file("out"));
      expect(await sameFiles(paths[ended[0].status === "fulfilled" ? 0 : 1], file("out"))).toBe(true);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "refuses what is no disk, and says why",
    eachCase(open, async ({ store, folder, file, leftovers }) => {
      await writeFile(file("empty"), "");
      await writeFile(file("archive"), Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08, 0]), seededBytes(1, 1_000)]));
      await expect(store.import("one", file("absent"))).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(store.import("one", file("empty"))).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
      await expect(store.import("one", folder)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(store.import("one", file("archive"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(await namesOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
    }),
  );
}
