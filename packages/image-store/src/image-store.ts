import { tmpdir } from "node:os";
import { isCloudHostError, parseInput } from "@cloudhost/core/ports";
import type {
  DiskFormat,
  HostImages,
  HostImagesOptions,
  ImageFault,
  ImageStore,
  ImageStoreConfig,
  ImageStoreContext,
  ImageStoreStats,
  SealedImage,
  StoredImage,
  TransferOptions,
} from "@cloudhost/core/ports";
import { ChunkThreads } from "./codec/chunk-threads.ts";
import { Collector } from "./collection/collector.ts";
import { QemuImg } from "./disks/qemu-img.ts";
import { openHostImages } from "./host/host-images.ts";
import { exportImage } from "./images/image-reader.ts";
import type { ImageSource } from "./images/image-reader.ts";
import { ImageWriter } from "./images/image-writer.ts";
import { verifyImages } from "./images/verify-images.ts";
import { Leases } from "./leases/leases.ts";
import type { ImageStoreOptions } from "./options.ts";
import { PublicCalls } from "./public-calls.ts";
import { Chunks } from "./repository/chunks.ts";
import { ImageName } from "./repository/image-name.ts";
import { layout } from "./repository/layout.ts";
import { Repository } from "./repository/repository.ts";

/**
 * An image store over an object store: disk images in chunks of 4 MiB of the guest's address space, each stored once.
 *
 * @example
 * createCloud({ images: imageStore({ backend: fileSystemBackend("./state/images") }) });
 */
export const imageStore = (options: ImageStoreOptions): ImageStoreConfig => ({
  open(context) {
    const threads = new ChunkThreads();
    return openImageStore(options, context, threads, [threads, options.backend]);
  },
});

/** @param owned disposed of with the store, in this order */
export async function openImageStore(
  options: ImageStoreOptions,
  context: ImageStoreContext,
  threads: ChunkThreads,
  owned: readonly AsyncDisposable[],
): Promise<ImageStore> {
  const store = new ChunkedImageStore(options, context, threads, owned);
  await store.recover();
  return store;
}

class ChunkedImageStore implements ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #context: ImageStoreContext;
  readonly #threads: ChunkThreads;
  readonly #owned: readonly AsyncDisposable[];
  readonly #repository: Repository;
  readonly #source: ImageSource;
  readonly #collector: Collector;
  readonly #writer: ImageWriter;
  readonly #calls: PublicCalls;

  constructor(
    options: ImageStoreOptions,
    context: ImageStoreContext,
    threads: ChunkThreads,
    owned: readonly AsyncDisposable[],
  ) {
    const { clock, logger } = context;
    this.#options = options;
    this.#context = context;
    this.#threads = threads;
    this.#owned = owned;
    const repository = new Repository(options.backend);
    const chunks = new Chunks(options.backend, threads);
    const qemuImg = new QemuImg(options.qemuImg);
    this.#repository = repository;
    this.#source = { repository, chunks, qemuImg };
    const leases = new Leases(options.backend, context);
    this.#collector = new Collector(repository, leases, clock, logger);
    const tools = { qemuImg, temporaries: tmpdir() };
    this.#writer = new ImageWriter(repository, chunks, leases, this.#collector, tools, logger);
    this.#calls = new PublicCalls(clock);
  }

  /** Collects what killed processes left. A store that cannot be reached just now opens all the same. */
  async recover(): Promise<void> {
    await this.#calls.run("opening the image store", undefined, async () => {
      try {
        if (await this.#repository.exists()) await this.#collector.collectLeftovers();
      } catch (error) {
        if (isCloudHostError(error, "VERSION_MISMATCH")) throw error;
        this.#context.logger.warn({ error, store: this.#options.backend.name }, "leftovers could not be collected yet");
      }
    });
  }

  async import(name: string, path: string, options: TransferOptions = {}): Promise<SealedImage> {
    return this.#calls.run(`importing ${name}`, options.signal, (signal) =>
      this.#writer.write(parseName(name), { path }, { ...options, signal }),
    );
  }

  async export(
    name: string,
    path: string,
    options: TransferOptions & { readonly format?: DiskFormat } = {},
  ): Promise<void> {
    await this.#calls.run(`exporting ${name}`, options.signal, (signal) =>
      exportImage(this.#source, parseName(name), path, { ...options, signal }),
    );
  }

  async get(name: string): Promise<StoredImage | undefined> {
    return this.#calls.run(`looking for ${name}`, undefined, (signal) =>
      this.#repository.image(parseName(name), signal),
    );
  }

  async *list(): AsyncGenerator<StoredImage> {
    for await (const { name, image } of this.#calls.stream("listing images", undefined, (signal) =>
      this.#repository.names(signal),
    )) {
      if (image !== undefined) yield image;
      else this.#context.logger.warn({ image: name }, "a name cannot be read: verify tells more");
    }
  }

  async delete(name: string, options: TransferOptions = {}): Promise<void> {
    await this.#calls.run(`deleting ${name}`, options.signal, async (signal) => {
      await this.#delete(parseName(name), signal);
    });
  }

  async stats(): Promise<ImageStoreStats> {
    return this.#calls.run("measuring the image store", undefined, async (signal) => {
      const stats = { images: 0, chunks: 0, logicalBytes: 0, storedBytes: 0 };
      for await (const { image } of this.#repository.names(signal)) {
        stats.images += 1;
        stats.logicalBytes += image?.logicalBytes ?? 0;
      }
      for await (const { bytes } of this.#options.backend.list(layout.chunks, signal)) {
        stats.chunks += 1;
        stats.storedBytes += bytes;
      }
      return stats;
    });
  }

  async *verify(name?: string, options: TransferOptions = {}): AsyncGenerator<ImageFault> {
    const image = name === undefined ? undefined : parseName(name);
    yield* this.#calls.stream("verifying images", options.signal, (signal) =>
      verifyImages(this.#source, image, { ...options, signal }),
    );
  }

  async hostImages(host: HostImagesOptions): Promise<HostImages> {
    return openHostImages({ ...this.#options, ...host }, this.#context, this.#threads);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
    for (const owned of this.#owned) await owned[Symbol.asyncDispose]();
  }

  async #delete(name: string, signal: AbortSignal): Promise<void> {
    const manifest = await this.#digestOf(name);
    if (manifest === undefined) return this.#collector.collectLeftovers();
    await this.#collector.collect(async (lease) => {
      await this.#collector.note(lease, manifest === "unreadable" ? {} : { manifest });
      await this.#repository.deleteName(name);
    }, signal);
  }

  async #digestOf(name: string): Promise<string | undefined> {
    try {
      return (await this.#repository.image(name))?.digest;
    } catch (error) {
      if (isCloudHostError(error, "IMAGE_CORRUPT")) return "unreadable";
      throw error;
    }
  }
}

const parseName = (name: string): string => parseInput(ImageName, name, "an image's name");
