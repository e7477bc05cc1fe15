import { open, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { isCloudHostError } from "@cloudhost/core/ports";
import type { DiskFormat, StoredImage, TransferOptions } from "@cloudhost/core/ports";
import { namelessFile } from "../disks/disk.ts";
import type { QemuImg } from "../disks/qemu-img.ts";
import { fileFailure, notFound } from "../failures.ts";
import { placeNewFile, refuseExisting } from "../files/new-file.ts";
import { removeAbandoned, temporaryPath } from "../files/temporary.ts";
import type { Chunks } from "../repository/chunks.ts";
import type { Manifest } from "../repository/manifest.ts";
import type { Repository } from "../repository/repository.ts";
import { restoreDisk } from "../transfers/restore-disk.ts";

/** Where images are read from, and with what. */
export interface ImageSource {
  readonly repository: Repository;
  readonly chunks: Chunks;
  readonly qemuImg: QemuImg;
}

/**
 * Writes an image to a new file: beside its place first, so that the path has the whole image or nothing.
 *
 * @throws CloudHostError `NOT_FOUND`, `CONFLICT` when the file exists, `IMAGE_CORRUPT`, `DEPENDENCY_MISSING` for a qcow2
 * without qemu-img, `EXHAUSTED` when the disk is full
 */
export async function exportImage(
  { repository, chunks, qemuImg }: ImageSource,
  name: string,
  path: string,
  { format = "raw", ...options }: TransferOptions & { readonly format?: DiskFormat },
): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  const image = await repository.imageOrThrow(name, options.signal);
  if (format === "qcow2") await qemuImg.version();
  const finished = temporaryPath(folder);
  try {
    await refuseExisting(target);
    await removeAbandoned(folder);
    await whileNamed(repository, image, async (manifest) => {
      const write = format === "raw" ? writeRaw : writeQcow2(qemuImg, folder);
      await write(chunks, manifest, name, finished, options);
    });
    await placeNewFile(finished, target);
  } catch (error) {
    await rm(finished, { force: true });
    throw fileFailure(error, target);
  }
}

/**
 * Reads an image that somebody may delete meanwhile: what then is missing is no damage.
 * @throws CloudHostError `NOT_FOUND` instead of `IMAGE_CORRUPT` when the name does not lead to it any more
 */
export async function whileNamed<T>(
  repository: Repository,
  { name, digest }: Pick<StoredImage, "name" | "digest">,
  read: (manifest: Manifest) => Promise<T>,
): Promise<T> {
  try {
    return await read(await repository.manifest(digest, name));
  } catch (error) {
    if (isCloudHostError(error, "IMAGE_CORRUPT") && (await repository.image(name))?.digest !== digest) {
      throw notFound("image", name, `${name} was deleted while it was read.`);
    }
    throw error;
  }
}

type WriteDisk = (
  chunks: Chunks,
  manifest: Manifest,
  name: string,
  path: string,
  options: TransferOptions,
) => Promise<void>;

const writeRaw: WriteDisk = async (chunks, manifest, name, path, options) => {
  await using file = await open(path, "wx", 0o644);
  await restoreDisk(chunks, manifest, name, file, options);
};

const writeQcow2 =
  (qemuImg: QemuImg, folder: string): WriteDisk =>
  async (chunks, manifest, name, path, options) => {
    await using raw = await namelessFile(folder, 0);
    await restoreDisk(chunks, manifest, name, raw, options);
    await qemuImg.encode(raw, path, options.signal);
    await using file = await open(path, "r");
    await file.sync();
  };
