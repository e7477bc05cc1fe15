import type { ChunkBackend, StoredObject } from "@cloudhost/core/ports";
import type { TestContext } from "vitest";

/** A backend with nothing in it. Each case opens one of its own. */
export interface ChunkBackendSubject extends AsyncDisposable {
  readonly backend: ChunkBackend;
  /** Another backend over the same objects, as of another process or after a restart. Disposed of with the subject. */
  reopen(): Promise<ChunkBackend>;
  /** How many objects a page of the store's listings has; missing where there are no pages, or they are not to be tried. */
  readonly pageObjects?: number;
  /** The store under test stands in for a better one, and may show a reader half an object that is being replaced. */
  readonly tornPuts?: true;
}

/** Opens a subject: the argument of `describeChunkBackend`. */
export type OpenChunkBackendSubject = () => Promise<ChunkBackendSubject>;

/** What a case works with. */
export interface ChunkBackendCase extends Omit<ChunkBackendSubject, typeof Symbol.asyncDispose> {
  /** Ends the case as skipped, with the reason printed. */
  readonly skip: (when: boolean, why: string) => void;
}

/** A case: opens a subject, runs, and disposes of it whatever came of it. */
export function eachCase(
  open: OpenChunkBackendSubject,
  run: (subject: ChunkBackendCase) => Promise<void>,
): (context: TestContext) => Promise<void> {
  return async (context) => {
    await using subject = await open();
    const reopen = (): Promise<ChunkBackend> => subject.reopen();
    await run({ ...subject, reopen, skip: (when, why) => context.skip(when, why) });
  };
}

/** So many bytes that no other seed gives. */
export const bytesOf = (seed: number, length: number): Uint8Array => {
  const pattern = Uint8Array.from({ length: 251 }, (_, at) => (seed * 31 + at * 7 + 1) & 0xff);
  return new Uint8Array(Buffer.alloc(length, pattern));
};

/** A chunk's key, as image stores make them. */
export const chunkKey = (seed: number): string => {
  const digits = seed.toString(16).padStart(64, "0");
  return `chunks/sha256/${digits.slice(-2)}/${digits}`;
};

/** Everything that a listing yields, by key. */
export async function listed(backend: ChunkBackend, prefix: string): Promise<StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of backend.list(prefix)) objects.push(object);
  return objects.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The keys of {@link listed}. */
export const keysOf = async (backend: ChunkBackend, prefix: string): Promise<string[]> =>
  (await listed(backend, prefix)).map(({ key }) => key);
