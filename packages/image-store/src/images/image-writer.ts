import { CloudHostError } from "@cloudhost/core/ports";
import type { Logger, SealedImage, StoredImage, TransferOptions } from "@cloudhost/core/ports";
import type { Collector } from "../collection/collector.ts";
import { openDisk } from "../disks/disk.ts";
import type { DiskFile, DiskTools } from "../disks/disk.ts";
import type { Lease, Leases } from "../leases/leases.ts";
import type { ChunkId } from "../repository/chunk-id.ts";
import type { Chunks } from "../repository/chunks.ts";
import type { Repository } from "../repository/repository.ts";
import { storeDisk } from "../transfers/store-disk.ts";

/** Stores disks as images: a session is opened, fed and sealed, or leaves nothing. */
export class ImageWriter {
  readonly #repository: Repository;
  readonly #chunks: Chunks;
  readonly #leases: Leases;
  readonly #collector: Collector;
  readonly #tools: DiskTools;
  readonly #logger: Logger;

  constructor(
    repository: Repository,
    chunks: Chunks,
    leases: Leases,
    collector: Collector,
    tools: DiskTools,
    logger: Logger,
  ) {
    this.#repository = repository;
    this.#chunks = chunks;
    this.#leases = leases;
    this.#collector = collector;
    this.#tools = tools;
    this.#logger = logger;
  }

  /**
   * Stores a disk under a name, which is there when everything is, and not before.
   * @throws CloudHostError `CONFLICT` when the name has another image, and all of {@link openDisk}
   */
  async write(name: string, file: DiskFile, options: TransferOptions): Promise<SealedImage> {
    // Before anything is written: what is no disk costs nothing.
    await using disk = await openDisk(file, this.#tools, options.signal);
    await this.#repository.create();
    const session = await this.#leases.openAlone("sessions", name, options.signal);
    const added: ChunkId[] = [];
    let manifest: string | undefined;
    try {
      await this.#leases.waitForNone("collections", session.key, options.signal);
      const stored = await storeDisk(this.#chunks, disk, (id) => void added.push(id), options);
      manifest = await this.#repository.putManifest(stored.manifest, options.signal);
      await this.#seal(session, { name, digest: manifest, logicalBytes: disk.logicalBytes });
      const { storedBytes, chunks } = stored;
      return { digest: manifest, logicalBytes: disk.logicalBytes, storedBytes, chunks };
    } catch (error) {
      const left = manifest === undefined ? { chunks: added } : { chunks: added, manifest };
      if (added.length > 0 || manifest !== undefined) await this.#quietly(() => this.#collector.note(session, left));
      throw error;
    } finally {
      await session[Symbol.asyncDispose]();
      await this.#quietly(() => this.#collector.collectLeftovers());
    }
  }

  async #seal(session: Lease, image: StoredImage): Promise<void> {
    const { name, digest } = image;
    const there = await this.#repository.image(name);
    if (there?.digest === digest) return;
    if (there !== undefined) {
      throw new CloudHostError("CONFLICT", `${name} is another image already; delete it, or choose another name.`, {
        state: there.digest,
        allowed: [digest],
      });
    }
    session.assertHeld();
    await this.#repository.putName(image);
  }

  /** Tidying up does not decide how an import ends: what it leaves is found by the next. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#logger.warn({ error }, "garbage of an import could not be collected yet");
    }
  }
}
