import type { ChunkBackend } from "@cloudhost/core/ports";
import { ChunkFault, chunkHeaderBytes } from "../codec/chunk-codec.ts";
import type { ChunkSlot, ChunkThreads } from "../codec/chunk-threads.ts";
import { imageCorrupt } from "../failures.ts";
import type { ChunkId, PlacedChunk } from "./chunk-id.ts";
import { chunkKey } from "./layout.ts";

/** The chunks of a store. */
export class Chunks {
  readonly threads: ChunkThreads;
  readonly #backend: ChunkBackend;

  constructor(backend: ChunkBackend, threads: ChunkThreads) {
    this.#backend = backend;
    this.threads = threads;
  }

  /** Whether it is in the store; what a failing disk cut off to nothing is not. */
  async has(id: ChunkId, signal?: AbortSignal): Promise<boolean> {
    return ((await this.#backend.size(chunkKey(id), signal)) ?? 0) > chunkHeaderBytes;
  }

  /** Stores the chunk in the slot's `data`. @returns how many bytes it takes */
  async put(slot: ChunkSlot, id: ChunkId, bytes: number, signal?: AbortSignal): Promise<number> {
    const object = await this.threads.encode(slot, bytes);
    await this.#backend.put(chunkKey(id), object, signal);
    return object.length;
  }

  /**
   * Reads a chunk, verified, into the slot's `data`.
   *
   * @param image named in errors
   * @throws CloudHostError `IMAGE_CORRUPT` that names the chunk
   */
  async read(
    slot: ChunkSlot,
    { id, bytes }: PlacedChunk,
    image: string,
    signal?: AbortSignal,
  ): Promise<Buffer<ArrayBuffer>> {
    const object = await this.#backend.get(chunkKey(id), { signal });
    try {
      if (object === undefined) throw new ChunkFault("it is missing");
      return await this.threads.decode(slot, object, id, bytes);
    } catch (error) {
      if (!(error instanceof ChunkFault)) throw error;
      const details = { image, chunk: id, reason: error.message };
      throw imageCorrupt(`Chunk ${id} of ${image} is damaged: ${error.message}.`, details, error);
    }
  }
}
