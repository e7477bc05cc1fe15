import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { DiskSource, EnsureImage, bytesFromGib, idOf, isCloudHostError, parseInput } from "@cloudhost/core/ports";
import type {
  BaseDisk,
  HostImages,
  HostImagesOptions,
  ImageStoreContext,
  SealedImage,
  TransferOptions,
} from "@cloudhost/core/ports";
import { fileSystemBackend } from "../backends/file-system.ts";
import { ChunkThreads } from "../codec/chunk-threads.ts";
import { Collector } from "../collection/collector.ts";
import { QemuImg } from "../disks/qemu-img.ts";
import { fileFailure, notFound } from "../failures.ts";
import { whileNamed } from "../images/image-reader.ts";
import { ImageWriter } from "../images/image-writer.ts";
import { Leases } from "../leases/leases.ts";
import type { ImageStoreOptions } from "../options.ts";
import { PublicCalls } from "../public-calls.ts";
import { chunkBytes } from "../codec/chunk-codec.ts";
import { Chunks } from "../repository/chunks.ts";
import { ManifestDigest, dataChunkCount } from "../repository/manifest.ts";
import { Repository } from "../repository/repository.ts";
import { restoreDisk } from "../transfers/restore-disk.ts";
import { BaseCache } from "./base-cache.ts";
import { Holders } from "./holders.ts";
import { SharedFlights } from "./shared-flights.ts";

const HostOptions = z.strictObject({
  cacheDir: z.string().refine(isAbsolute, "not an absolute path"),
  maxBytes: z.int().min(0).default(bytesFromGib(20)),
});
const WantedImage = EnsureImage.extend({ digest: ManifestDigest });
type HostOptions = z.infer<typeof HostOptions>;

/** What a host's images are opened with. */
export interface HostImagesConfig {
  /** @throws CloudHostError `INVALID_ARGUMENT` */
  open(context: ImageStoreContext): Promise<HostImages>;
}

/**
 * The images of a host that has no image store of its own, as a `cloudhost-agent` on another machine than the service.
 * Where there is a store, `store.hostImages({ cacheDir })` is the same. Several processes may share one folder.
 *
 * @example
 * const images = await hostImages({ backend: s3Backend({ … }), cacheDir: "/var/cache/cloudhost" }).open(context);
 */
export const hostImages = (options: ImageStoreOptions & HostImagesOptions): HostImagesConfig => ({
  async open(context) {
    const threads = new ChunkThreads();
    return openHostImages(options, context, threads, [threads, options.backend]);
  },
});

/** @param owned disposed of with the images, in this order */
export async function openHostImages(
  options: ImageStoreOptions & HostImagesOptions,
  context: ImageStoreContext,
  threads: ChunkThreads,
  owned: readonly AsyncDisposable[] = [],
): Promise<HostImages> {
  const host = parseInput(
    HostOptions,
    { cacheDir: options.cacheDir, maxBytes: options.maxBytes },
    "the options of a host's images",
  );
  const images = new CachedHostImages(options, host, context, threads, owned);
  await images.recover();
  return images;
}

class CachedHostImages implements HostImages {
  readonly #repository: Repository;
  readonly #chunks: Chunks;
  readonly #writer: ImageWriter;
  readonly #cache: BaseCache;
  readonly #cacheDir: string;
  readonly #holders: Holders;
  /** Of the processes of this host that share the cache; those of the store are the writer's. */
  readonly #leases: Leases;
  readonly #flights: SharedFlights<BaseDisk>;
  readonly #calls: PublicCalls;
  readonly #owned: readonly AsyncDisposable[];

  constructor(
    { backend, qemuImg }: ImageStoreOptions,
    { cacheDir, maxBytes }: HostOptions,
    context: ImageStoreContext,
    threads: ChunkThreads,
    owned: readonly AsyncDisposable[],
  ) {
    const { clock, logger } = context;
    this.#repository = new Repository(backend);
    this.#chunks = new Chunks(backend, threads);
    const leases = new Leases(backend, context);
    const collector = new Collector(this.#repository, leases, clock, logger);
    const tools = { qemuImg: new QemuImg(qemuImg), temporaries: cacheDir };
    this.#writer = new ImageWriter(this.#repository, this.#chunks, leases, collector, tools, logger);
    this.#cache = new BaseCache(cacheDir, maxBytes, clock, logger);
    this.#cacheDir = cacheDir;
    const stateDir = join(cacheDir, "state");
    const state = fileSystemBackend(stateDir);
    this.#holders = new Holders(state, stateDir);
    this.#leases = new Leases(state, context);
    this.#flights = new SharedFlights(clock);
    this.#calls = new PublicCalls(clock);
    this.#owned = owned;
  }

  async recover(): Promise<void> {
    await this.#calls.run("opening the images of a host", undefined, async () => {
      await this.#onDisk(() => this.#cache.recover());
      await this.#leases.forgetDead(["restores", "evictions"]);
    });
  }

  async ensure(image: EnsureImage, options: TransferOptions = {}): Promise<BaseDisk> {
    const wanted = parseInput(WantedImage, image, "an image for a host");
    return this.#calls.run(`fetching ${wanted.imageId}`, options.signal, async (signal) => {
      const isNew = await this.#onDisk(() => this.#holders.hold(wanted.holder, wanted.digest));
      try {
        const own = this.#holders.keyOf(wanted.holder, wanted.digest);
        await this.#leases.waitForNone("evictions", own, signal);
        return await this.#flights.join(wanted.digest, { ...options, signal }, (shared) => this.#base(wanted, shared));
      } catch (error) {
        if (isNew) await this.#holders.releaseOne(wanted.holder, wanted.digest);
        throw error;
      }
    });
  }

  async release(holder: string, keep: readonly string[] = []): Promise<void> {
    const parsed = parseInput(idOf("srv"), holder, "a holder");
    await this.#calls.run(`releasing what ${parsed} holds`, undefined, () => this.#holders.release(parsed, keep));
  }

  async holders(): Promise<readonly string[]> {
    return this.#calls.run("listing holders", undefined, () => this.#holders.all());
  }

  async ingest(source: DiskSource, imageId: string, options: TransferOptions = {}): Promise<SealedImage> {
    const file = parseInput(DiskSource, source, "a disk to store");
    const name = parseInput(idOf("img"), imageId, "an image's id");
    return this.#calls.run(`storing ${name}`, options.signal, (signal) =>
      this.#writer.write(name, file, { ...options, signal }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#calls[Symbol.asyncDispose]();
    for (const owned of this.#owned) await owned[Symbol.asyncDispose]();
  }

  /** The base as it is here, or restored: by one process of this host at a time. */
  async #base({ imageId, digest }: EnsureImage, options: TransferOptions): Promise<BaseDisk> {
    const there = await this.#onDisk(() => this.#cache.find(digest));
    if (there !== undefined) return there;
    const lease = await this.#leases.openAlone("restores", digest, options.signal);
    try {
      return (await this.#onDisk(() => this.#cache.find(digest))) ?? (await this.#restore(imageId, digest, options));
    } finally {
      await lease[Symbol.asyncDispose]();
    }
  }

  async #restore(imageId: string, digest: string, options: TransferOptions): Promise<BaseDisk> {
    const image = await this.#repository.imageOrThrow(imageId, options.signal);
    if (image.digest !== digest) throw notFound("image", imageId, `${imageId} is another image than the one wanted.`);
    return whileNamed(this.#repository, image, async (manifest) => {
      await this.#makeRoom(dataChunkCount(manifest) * chunkBytes);
      return this.#onDisk(() =>
        this.#cache.make(digest, manifest.logicalBytes, (file) =>
          restoreDisk(this.#chunks, manifest, imageId, file, options),
        ),
      );
    });
  }

  /**
   * Whoever holds a base writes that down first, and then waits for evictions that are there; an eviction is announced
   * first, and then looks who holds what: so neither misses the other.
   */
  async #makeRoom(bytes: number): Promise<void> {
    const eviction = await this.#leases.open("evictions");
    try {
      await this.#onDisk(async () => this.#cache.makeRoom(bytes, await this.#holders.heldDigits()));
    } finally {
      await eviction[Symbol.asyncDispose]();
    }
  }

  async #onDisk<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isCloudHostError(error)) throw error;
      throw fileFailure(error, this.#cacheDir);
    }
  }
}
