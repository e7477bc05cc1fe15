import type { DiskSource } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { chunkBytes, guestWrites, qemuImg, sameFiles, writeRawDisk } from "../image-store/disk-files.ts";
import { eachCase } from "./case.ts";
import type { OpenHostImagesSubject } from "./case.ts";

const rawSource = (path: string): DiskSource => ({ path, format: "raw", chain: [path] });
const disk = { bytes: 3 * chunkBytes, chunks: { 0: 1, 1: 2 } };

/** Storing a disk of this host: what the guest sees, through its chain, and no file beside it. */
export function ingestSuite(open: OpenHostImagesSubject): void {
  it(
    "stores a raw disk as an image, of which chunks were there",
    eachCase(open, async ({ images, store, image, imageId, file }) => {
      await image("base", disk);
      await writeRawDisk(file("raw"), { bytes: 3 * chunkBytes, chunks: { 0: 1, 1: 9 } });
      const id = imageId();
      const sealed = await images.ingest(rawSource(file("raw")), id);
      expect(sealed.chunks).toEqual({ total: 3, zero: 1, duplicate: 1, new: 1 });
      expect(await store.get(id)).toMatchObject({ digest: sealed.digest });
      await store.export(id, file("out"));
      expect(await sameFiles(file("raw"), file("out"))).toBe(true);
    }),
  );

  it(
    "gives the same digest when it is repeated",
    eachCase(open, async ({ images, imageId, file }) => {
      await writeRawDisk(file("raw"), { bytes: 60_000, chunks: { 0: 1 } });
      const source = rawSource(file("raw"));
      const id = imageId();
      const first = await images.ingest(source, id);
      expect((await images.ingest(source, id)).digest).toBe(first.digest);
    }),
  );

  it(
    "stores an overlay on a base: only what the guest wrote is new",
    eachCase(open, async ({ images, store, image, guest, imageId, file, needsQemuImg }) => {
      await needsQemuImg();
      const { raw: _raw, ...wanted } = await image("disk", disk);
      const base = await images.ensure({ ...wanted, holder: guest() });
      const [middle, top] = [file("middle.qcow2"), file("top.qcow2")];
      await qemuImg("create", "-q", "-f", "qcow2", "-b", base.path, "-F", "raw", middle, "16M");
      await qemuImg("create", "-q", "-f", "qcow2", "-b", "middle.qcow2", "-F", "qcow2", top, "16M");
      await guestWrites(top, 2 * chunkBytes + 65_536);
      const id = imageId();
      const sealed = await images.ingest({ path: top, format: "qcow2", chain: [top, middle, base.path] }, id);
      expect(sealed).toMatchObject({
        logicalBytes: 4 * chunkBytes,
        chunks: { total: 4, zero: 1, duplicate: 2, new: 1 },
      });
      await store.export(id, file("out"));
      await qemuImg("convert", "-O", "raw", top, file("expected"));
      expect(await sameFiles(file("expected"), file("out"))).toBe(true);
    }),
  );

  it(
    "opens no file outside the chain",
    eachCase(open, async ({ images, store, imageId, file, leftovers, needsQemuImg }) => {
      await needsQemuImg();
      await writeRawDisk(file("base"), disk);
      const top = file("top.qcow2");
      const refused = { code: "INVALID_ARGUMENT" };
      for (const backing of ["base", file("base"), "/etc/hostname", "../../../../../../etc/hostname"]) {
        await qemuImg("create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", "raw", top, "12M");
        const id = imageId();
        await expect(images.ingest({ path: top, format: "qcow2", chain: [top] }, id)).rejects.toMatchObject(refused);
        expect(await store.get(id)).toBeUndefined();
      }
      await qemuImg("create", "-q", "-u", "-f", "qcow2", "-b", `json:{"driver":"null-co"}`, "-F", "raw", top, "12M");
      await expect(images.ingest({ path: top, format: "qcow2", chain: [top] }, imageId())).rejects.toMatchObject(
        refused,
      );
      await expect(
        images.ingest({ path: top, format: "qcow2", chain: [file("base")] }, imageId()),
      ).rejects.toMatchObject(refused);
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "takes a raw disk for raw, whatever its guest wrote to its beginning",
    eachCase(open, async ({ images, store, imageId, file, needsQemuImg }) => {
      await needsQemuImg();
      const trap = file("trap");
      await qemuImg("create", "-q", "-u", "-f", "qcow2", "-b", "/etc/hostname", "-F", "raw", trap, "12M");
      const id = imageId();
      await images.ingest(rawSource(trap), id);
      await store.export(id, file("out"));
      expect(await sameFiles(trap, file("out"))).toBe(true);
    }),
  );

  it(
    "leaves nothing when it is cancelled in the middle",
    eachCase(open, async ({ images, store, imageId, file, leftovers }) => {
      const chunks = { 0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7 };
      await writeRawDisk(file("raw"), { bytes: 8 * chunkBytes, chunks });
      const controller = new AbortController();
      const options = { signal: controller.signal, onProgress: () => controller.abort() };
      const id = imageId();
      const source = rawSource(file("raw"));
      await expect(images.ingest(source, id, options)).rejects.toMatchObject({ code: "CANCELLED" });
      expect(await store.get(id)).toBeUndefined();
      expect(await leftovers()).toEqual([]);
    }),
  );

  it(
    "refuses what is no disk or no image's id",
    eachCase(open, async ({ images, imageId, file }) => {
      const refused = { code: "INVALID_ARGUMENT" };
      await expect(images.ingest(rawSource("disk"), imageId())).rejects.toMatchObject(refused);
      const source = rawSource(file("absent"));
      await expect(images.ingest(source, "img_../x")).rejects.toMatchObject(refused);
      await expect(images.ingest(source, imageId())).rejects.toMatchObject({ code: "NOT_FOUND" });
    }),
  );
}
