import { join } from "node:path";
import type { ImageFault, ImageStore, StoredImage } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";
import { hasQemuImg, writeRawDisk } from "./disk-files.ts";
import type { RawDisk } from "./disk-files.ts";

/** A store with nothing in it, and the hands that reach past it. Each case opens one of its own. */
export interface ImageStoreSubject extends AsyncDisposable {
  readonly store: ImageStore;
  /** An empty folder for the case's files. */
  readonly folder: string;
  /** Another store over the same data, as of another process or after a restart. Disposed of with the subject. */
  reopen(): Promise<ImageStore>;
  /** Changes what is stored of a chunk (`sha256:…`), as a failing disk does. */
  damageChunk(id: string): Promise<void>;
  /** Changes what is stored of a manifest (`sha256:…`). */
  damageManifest(digest: string): Promise<void>;
  /** Names of all that is stored and that no image needs. A store at rest has none. */
  leftovers(): Promise<readonly string[]>;
}

/** Opens a subject: the argument of `describeImageStore`. */
export type OpenImageStoreSubject = () => Promise<ImageStoreSubject>;

/** What a case works with. */
export interface ImageStoreCase extends Omit<ImageStoreSubject, typeof Symbol.asyncDispose> {
  /** Path of a file in the case's folder. */
  readonly file: (name: string) => string;
  /** Writes a raw disk into the case's folder. @returns its path */
  readonly disk: (name: string, disk: RawDisk) => Promise<string>;
  /** Ends the case as skipped where there is no qemu-img. */
  readonly needsQemuImg: () => Promise<void>;
}

/** A case: opens a subject, runs, and disposes of it whatever came of it. */
export function eachCase(
  open: OpenImageStoreSubject,
  run: (subject: ImageStoreCase) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    await using subject = await open();
    const file = (name: string): string => join(subject.folder, name);
    await run({
      store: subject.store,
      folder: subject.folder,
      reopen: () => subject.reopen(),
      damageChunk: (id) => subject.damageChunk(id),
      damageManifest: (digest) => subject.damageManifest(digest),
      leftovers: () => subject.leftovers(),
      file,
      async disk(name, disk) {
        await writeRawDisk(file(name), disk);
        return file(name);
      },
      needsQemuImg: async () => context.skip(!(await hasQemuImg()), "qemu-img is not installed"),
    });
  };
}

/** Every image of a store, by name. */
export async function listed(store: ImageStore): Promise<StoredImage[]> {
  const images: StoredImage[] = [];
  for await (const image of store.list()) images.push(image);
  return images.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The names of {@link listed}. */
export const namesOf = async (store: ImageStore): Promise<string[]> => (await listed(store)).map(({ name }) => name);

/** All that verifying finds wrong. */
export async function faultsOf(store: ImageStore, name?: string): Promise<ImageFault[]> {
  const faults: ImageFault[] = [];
  for await (const fault of store.verify(name)) faults.push(fault);
  return faults;
}
