import { readFile, truncate, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { eachCase, namesOf } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";
import { chunkBytes, qemuImg, sameFiles } from "./disk-files.ts";

const sample = { bytes: 3 * chunkBytes, chunks: { 0: 1, 2: 2 } };

/** Importing and exporting qcow2: what the guest sees is stored, so that raw and qcow2 share their chunks. */
export function qcow2Suite(open: OpenImageStoreSubject): void {
  for (const [what, options] of [
    ["a qcow2", []],
    ["a compressed qcow2", ["-c"]],
    ["a qcow2 compressed with zstd", ["-c", "-o", "compression_type=zstd"]],
    ["a qcow2 of version 2 with small clusters", ["-o", "compat=0.10,cluster_size=4096"]],
  ] as const) {
    it(
      `stores ${what} as the disk that it is`,
      eachCase(open, async ({ store, disk, file, needsQemuImg }) => {
        await needsQemuImg();
        const raw = await disk("raw", sample);
        await qemuImg("convert", "-O", "qcow2", ...options, raw, file("disk.qcow2"));
        const first = await store.import("raw", raw);
        const second = await store.import("qcow2", file("disk.qcow2"));
        expect(second).toEqual({ ...first, storedBytes: 0, chunks: { total: 3, zero: 1, duplicate: 2, new: 0 } });
      }),
    );
  }

  it(
    "exports a qcow2",
    eachCase(open, async ({ store, disk, file, needsQemuImg }) => {
      await needsQemuImg();
      const raw = await disk("raw", sample);
      await store.import("one", raw);
      await store.export("one", file("out.qcow2"), { format: "qcow2" });
      await qemuImg("check", file("out.qcow2"));
      await qemuImg("convert", "-O", "raw", file("out.qcow2"), file("out.raw"));
      expect(await sameFiles(raw, file("out.raw"))).toBe(true);
    }),
  );

  it(
    "refuses a qcow2 with a backing file, beside it or far away",
    eachCase(open, async ({ store, disk, file, needsQemuImg, leftovers }) => {
      await needsQemuImg();
      await disk("base.raw", sample);
      for (const backing of ["base.raw", "/etc/hostname"]) {
        await qemuImg("create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", file("top.qcow2"), "12M");
        await expect(store.import("one", file("top.qcow2"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      expect(await namesOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "refuses a qcow2 that is cut off",
    eachCase(open, async ({ store, disk, file, needsQemuImg, leftovers }) => {
      await needsQemuImg();
      await qemuImg("convert", "-O", "qcow2", await disk("raw", sample), file("whole.qcow2"));
      const { length } = await readFile(file("whole.qcow2"));
      await truncate(file("whole.qcow2"), Math.floor(length / 2));
      await expect(store.import("one", file("whole.qcow2"))).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
      expect(await namesOf(store)).toEqual([]);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "refuses what only begins as a qcow2",
    eachCase(open, async ({ store, file }) => {
      await writeFile(file("junk"), Buffer.concat([Buffer.from("QFI\u00fb", "latin1"), Buffer.alloc(200, 0xaa)]));
      await expect(store.import("one", file("junk"))).rejects.toMatchObject({ code: "IMAGE_CORRUPT" });
    }),
  );
}
