import { readFile, stat } from "node:fs/promises";
import type { TransferProgress } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { seededBytes, chunkBytes, sameFiles } from "../image-store/disk-files.ts";
import { createHash } from "node:crypto";
import { eachCase, meddle } from "./case.ts";
import type { OpenHostImagesSubject } from "./case.ts";

const small = { bytes: 60_000, chunks: { 0: 1 } };

/** Getting a base: whole, verified, read-only, once for all who want it. */
export function ensureSuite(open: OpenHostImagesSubject): void {
  it(
    "makes an image a file, with its holes",
    eachCase(open, async ({ images, image, guest }) => {
      const { imageId, digest, raw } = await image("disk", { bytes: 20 * chunkBytes + 999, chunks: { 0: 1, 20: 2 } });
      const base = await images.ensure({ imageId, digest, holder: guest() });
      expect(base).toMatchObject({ format: "raw", digest });
      expect(await sameFiles(base.path, raw)).toBe(true);
      const { blocks, mode } = await stat(base.path);
      expect(blocks * 512).toBeLessThan(3 * chunkBytes);
      expect(mode & 0o222).toBe(0);
    }),
  );

  it(
    "may be repeated, as after a crash",
    eachCase(open, async ({ images, image, guest }) => {
      const { raw: _raw, ...wanted } = await image("disk", small);
      const holder = guest();
      const first = await images.ensure({ ...wanted, holder });
      expect(await images.ensure({ ...wanted, holder })).toEqual(first);
      expect(await images.holders()).toEqual([holder]);
    }),
  );

  it(
    "fetches once what several guests want at once",
    eachCase(open, async ({ images, image, guest, reopen }) => {
      const { raw, ...wanted } = await image("disk", { bytes: 3 * chunkBytes, chunks: { 0: 1, 1: 2, 2: 3 } });
      const other = await reopen();
      const bases = await Promise.all([
        images.ensure({ ...wanted, holder: guest() }),
        images.ensure({ ...wanted, holder: guest() }),
        other.ensure({ ...wanted, holder: guest() }),
      ]);
      expect(new Set(bases.map(({ path }) => path)).size).toBe(1);
      expect(await sameFiles(bases[0].path, raw)).toBe(true);
      expect(await images.holders()).toHaveLength(3);
    }),
  );

  it(
    "has it still after a restart, without the store",
    eachCase(open, async ({ images, store, image, guest, reopen }) => {
      const { imageId, digest } = await image("disk", small);
      const base = await images.ensure({ imageId, digest, holder: guest() });
      await store.delete(imageId);
      const again = await reopen();
      expect(await again.ensure({ imageId, digest, holder: guest() })).toEqual(base);
    }),
  );

  it(
    "restores a base that somebody wrote to",
    eachCase(open, async ({ images, image, guest }) => {
      const { raw, ...wanted } = await image("disk", small);
      const base = await images.ensure({ ...wanted, holder: guest() });
      await meddle(base);
      const again = await images.ensure({ ...wanted, holder: guest() });
      expect(await sameFiles(again.path, raw)).toBe(true);
    }),
  );

  it(
    "tells how far it is, up to the end",
    eachCase(open, async ({ images, image, guest }) => {
      const { raw: _raw, ...wanted } = await image("disk", { bytes: 5 * chunkBytes, chunks: { 1: 1, 3: 2 } });
      const told: TransferProgress[] = [];
      await images.ensure({ ...wanted, holder: guest() }, { onProgress: (progress) => void told.push(progress) });
      expect(told.at(-1)).toMatchObject({ doneBytes: 5 * chunkBytes, percent: 100 });
    }),
  );

  it(
    "refuses an image that the store does not have, and holds nothing",
    eachCase(open, async ({ images, image, guest, imageId }) => {
      const { imageId: there, digest } = await image("disk", small);
      const other = `sha256:${"0".repeat(64)}`;
      const absent = { code: "NOT_FOUND" };
      await expect(images.ensure({ imageId: imageId(), digest, holder: guest() })).rejects.toMatchObject(absent);
      await expect(images.ensure({ imageId: there, digest: other, holder: guest() })).rejects.toMatchObject(absent);
      expect(await images.holders()).toEqual([]);
    }),
  );

  it(
    "refuses what is no image, no digest or no guest",
    eachCase(open, async ({ images, image, guest }) => {
      const { imageId, digest } = await image("disk", small);
      const refused = { code: "INVALID_ARGUMENT" };
      await expect(images.ensure({ imageId: "../x", digest, holder: guest() })).rejects.toMatchObject(refused);
      await expect(images.ensure({ imageId, digest: "../../etc", holder: guest() })).rejects.toMatchObject(refused);
      await expect(images.ensure({ imageId, digest, holder: "../x" })).rejects.toMatchObject(refused);
      await expect(images.release("../x")).rejects.toMatchObject(refused);
    }),
  );

  it(
    "refuses a damaged image, and leaves no base",
    eachCase(open, async ({ images, image, guest, damageChunk }) => {
      const { raw, ...wanted } = await image("disk", small);
      const chunk = `sha256:${createHash("sha256").update(seededBytes(1, small.bytes)).digest("hex")}`;
      expect(await readFile(raw)).toHaveLength(small.bytes);
      await damageChunk(chunk);
      for (let round = 0; round < 2; round += 1) {
        await expect(images.ensure({ ...wanted, holder: guest() })).rejects.toMatchObject({
          code: "IMAGE_CORRUPT",
          details: { image: wanted.imageId, chunk },
        });
      }
      expect(await images.holders()).toEqual([]);
    }),
  );

  it(
    "lets one of two who wait leave, and serves the other",
    eachCase(open, async ({ images, image, guest }) => {
      const { raw, ...wanted } = await image("disk", { bytes: 4 * chunkBytes, chunks: { 0: 1, 1: 2, 2: 3, 3: 4 } });
      const controller = new AbortController();
      const leaver = images.ensure({ ...wanted, holder: guest() }, { signal: controller.signal });
      const stays = guest();
      const base = images.ensure({ ...wanted, holder: stays }, { onProgress: () => controller.abort() });
      await expect(leaver).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await sameFiles((await base).path, raw)).toBe(true);
      expect(await images.holders()).toEqual([stays]);
    }),
  );

  it(
    "stops when nobody wants it any more",
    eachCase(open, async ({ images, image, guest }) => {
      const { raw, ...wanted } = await image("disk", { bytes: 4 * chunkBytes, chunks: { 0: 1, 1: 2, 2: 3, 3: 4 } });
      const controller = new AbortController();
      const options = { signal: controller.signal, onProgress: () => controller.abort() };
      await expect(images.ensure({ ...wanted, holder: guest() }, options)).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await images.holders()).toEqual([]);
      const base = await images.ensure({ ...wanted, holder: guest() });
      expect(await sameFiles(base.path, raw)).toBe(true);
    }),
  );
}
