import { isCloudHostError } from "@cloudhost/core/ports";
import type { ImageFault, StoredImage, TransferOptions, TransferProgress } from "@cloudhost/core/ports";
import { forEachLimited } from "../concurrency.ts";
import { throwIfCancelled } from "../failures.ts";
import { placedChunks } from "../repository/manifest.ts";
import type { PlacedChunk } from "../repository/chunk-id.ts";
import type { Chunks } from "../repository/chunks.ts";
import type { Manifest } from "../repository/manifest.ts";
import type { Repository } from "../repository/repository.ts";
import type { ImageSource } from "./image-reader.ts";
import { ProgressMeter } from "../transfers/progress.ts";

const chunksAtOnce = 6;

/** What became of each chunk that was read: `undefined` when it is whole, else what is wrong. */
type Verdicts = Map<string, Promise<string | undefined>>;

/**
 * Reads every chunk that the images consist of, each once, and yields what is wrong: a damaged chunk for every image
 * that has it.
 *
 * @param name of one image; all without
 */
export async function* verifyImages(
  { repository, chunks }: Pick<ImageSource, "repository" | "chunks">,
  name: string | undefined,
  { signal, onProgress }: TransferOptions,
): AsyncGenerator<ImageFault> {
  const listed = name === undefined ? repository.names(signal) : [await only(repository, name)];
  const images: StoredImage[] = [];
  for await (const { name: found, image } of listed) {
    if (image === undefined) yield { image: found, chunk: undefined, reason: "name: its pointer is damaged" };
    else images.push(image);
  }
  const verdicts: Verdicts = new Map();
  const totalBytes = images.reduce((sum, { logicalBytes }) => sum + logicalBytes, 0);
  let doneBytes = 0;
  for (const image of images) {
    const before = doneBytes;
    const tell = (progress: TransferProgress): void => {
      doneBytes = before + progress.doneBytes;
      onProgress?.({ ...progress, doneBytes, totalBytes, percent: (100 * doneBytes) / totalBytes });
    };
    yield* verifyImage({ repository, chunks }, image, verdicts, { signal, onProgress: tell });
    doneBytes = before + image.logicalBytes;
  }
}

async function only(
  repository: Repository,
  name: string,
): Promise<{ readonly name: string; readonly image: StoredImage | undefined }> {
  try {
    return { name, image: await repository.imageOrThrow(name) };
  } catch (error) {
    if (isCloudHostError(error, "IMAGE_CORRUPT")) return { name, image: undefined };
    throw error;
  }
}

async function* verifyImage(
  { repository, chunks }: Pick<ImageSource, "repository" | "chunks">,
  { name, digest, logicalBytes }: StoredImage,
  verdicts: Verdicts,
  { signal, onProgress }: TransferOptions,
): AsyncGenerator<ImageFault> {
  let manifest: Manifest;
  try {
    manifest = await repository.manifest(digest, name, signal);
  } catch (error) {
    if (!isCloudHostError(error, "IMAGE_CORRUPT")) throw error;
    // Deleted since it was listed.
    if ((await repository.image(name))?.digest === digest) {
      yield { image: name, chunk: undefined, reason: error.details.reason };
    }
    return;
  }
  const meter = new ProgressMeter(logicalBytes, onProgress);
  const faults: ImageFault[] = [];
  await forEachLimited(inOrder(manifest, meter), chunksAtOnce, async (chunk) => {
    throwIfCancelled(signal, `verifying ${name}`);
    const known = verdicts.get(chunk.id);
    const verdict = known ?? judge(chunks, chunk, name, signal);
    verdicts.set(chunk.id, verdict);
    const reason = await verdict;
    if (reason !== undefined) faults.push({ image: name, chunk: chunk.id, reason });
    meter.done(chunk.index, known === undefined ? "new" : "duplicate");
  });
  meter.finish();
  if (faults.length > 0 && (await repository.image(name))?.digest !== digest) return;
  yield* faults;
}

function* inOrder(manifest: Manifest, meter: ProgressMeter): Generator<PlacedChunk> {
  for (const chunk of placedChunks(manifest)) {
    meter.reached(chunk.index);
    yield chunk;
  }
}

async function judge(
  chunks: Chunks,
  chunk: PlacedChunk,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    await chunks.threads.lend((slot) => chunks.read(slot, chunk, name, signal));
    return undefined;
  } catch (error) {
    if (isCloudHostError(error, "IMAGE_CORRUPT")) return error.details.reason;
    throw error;
  }
}
