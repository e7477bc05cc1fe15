import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import type { TransferProgress } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";
import { chunkBytes } from "./disk-files.ts";

/** Exporting: the whole image or no file. */
export function exportSuite(open: OpenImageStoreSubject): void {
  it(
    "keeps holes",
    eachCase(open, async ({ store, disk, file }) => {
      await store.import("one", await disk("disk", { bytes: 100 * chunkBytes + 60_000, chunks: { 100: 1 } }));
      await store.export("one", file("out"));
      const { size, blocks } = await stat(file("out"));
      expect(size).toBe(100 * chunkBytes + 60_000);
      expect(blocks * 512).toBeLessThan(chunkBytes);
    }),
  );

  it(
    "tells how far it is, up to the end",
    eachCase(open, async ({ store, disk, file }) => {
      await store.import("one", await disk("disk", { bytes: 5 * chunkBytes, chunks: { 1: 1, 3: 2 } }));
      const told: TransferProgress[] = [];
      await store.export("one", file("out"), { onProgress: (progress) => void told.push(progress) });
      expect(told.at(-1)).toMatchObject({ doneBytes: 5 * chunkBytes, totalBytes: 5 * chunkBytes, percent: 100 });
    }),
  );

  it(
    "overwrites nothing",
    eachCase(open, async ({ store, disk, file }) => {
      await store.import("one", await disk("disk", { bytes: 10_000, chunks: { 0: 1 } }));
      await writeFile(file("out"), "mine");
      await expect(store.export("one", file("out"))).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await readFile(file("out"), "utf8")).toBe("mine");
    }),
  );

  it(
    "refuses a folder that is not there",
    eachCase(open, async ({ store, disk, file }) => {
      await store.import("one", await disk("disk", { bytes: 10_000, chunks: { 0: 1 } }));
      await expect(store.export("one", file("absent/out"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    }),
  );

  it(
    "leaves no file when it is cancelled in the middle",
    eachCase(open, async ({ store, disk, folder, file }) => {
      await store.import(
        "one",
        await disk("disk", { bytes: 8 * chunkBytes, chunks: { 0: 1, 1: 2, 2: 3, 3: 4, 6: 5 } }),
      );
      const controller = new AbortController();
      const options = { signal: controller.signal, onProgress: () => controller.abort() };
      await expect(store.export("one", file("out"), options)).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await readdir(folder)).toEqual(["disk"]);
    }),
  );
}
