import { chmod, open } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, uuidv7Ids } from "@cloudhost/core/ports";
import type { BaseDisk, HostImages, ImageStore } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";
import { hasQemuImg, writeRawDisk } from "../image-store/disk-files.ts";
import type { RawDisk } from "../image-store/disk-files.ts";

/** A host with no bases, and the store that its images come from. Each case opens one of its own. */
export interface HostImagesSubject extends AsyncDisposable {
  readonly images: HostImages;
  readonly store: ImageStore;
  /** An empty folder for the case's files. */
  readonly folder: string;
  /** The same host's images once more, as of another process or after a restart. Disposed of with the subject. */
  reopen(): Promise<HostImages>;
  /** Changes what is stored of a chunk (`sha256:…`), as a failing disk does. */
  damageChunk(id: string): Promise<void>;
  /** Names of all that is in the store and that no image needs. */
  leftovers(): Promise<readonly string[]>;
}

/** Opens a subject: the argument of `describeHostImages`. */
export type OpenHostImagesSubject = (options?: { readonly maxBytes?: number }) => Promise<HostImagesSubject>;

/** What a case works with. */
export interface HostImagesCase extends Omit<HostImagesSubject, typeof Symbol.asyncDispose> {
  /** Path of a file in the case's folder. */
  readonly file: (name: string) => string;
  /** Writes a raw disk and imports it. @returns what `ensure` takes, but for the holder */
  readonly image: (name: string, disk: RawDisk) => Promise<{ imageId: string; digest: string; raw: string }>;
  /** A well-formed id of a guest, or of an image, that nobody has. */
  readonly guest: () => string;
  readonly imageId: () => string;
  /** Ends the case as skipped where there is no qemu-img. */
  readonly needsQemuImg: () => Promise<void>;
}

/** A case: opens a subject, runs, and disposes of it whatever came of it. */
export function eachCase(
  openSubject: OpenHostImagesSubject,
  run: (subject: HostImagesCase) => Promise<void>,
  options?: { readonly maxBytes?: number },
): (context: TestContext) => Promise<void> {
  return async (context) => {
    await using subject = await openSubject(options);
    const ids = uuidv7Ids(systemClock());
    const file = (name: string): string => join(subject.folder, name);
    await run({
      images: subject.images,
      store: subject.store,
      folder: subject.folder,
      reopen: () => subject.reopen(),
      damageChunk: (id) => subject.damageChunk(id),
      leftovers: () => subject.leftovers(),
      file,
      async image(name, disk) {
        const imageId = ids.next("img");
        await writeRawDisk(file(name), disk);
        const { digest } = await subject.store.import(imageId, file(name));
        return { imageId, digest, raw: file(name) };
      },
      guest: () => ids.next("srv"),
      imageId: () => ids.next("img"),
      needsQemuImg: async () => context.skip(!(await hasQemuImg()), "qemu-img is not installed"),
    });
  };
}

/** Writes a byte into a base, as somebody who should not. */
export async function meddle({ path }: BaseDisk): Promise<void> {
  await chmod(path, 0o644);
  await using file = await open(path, "r+");
  await file.write(Buffer.from([0x5a]), 0, 1, 10);
}
