import { systemClock } from "@cloudhost/core/ports";
import type { ChunkBackend, ChunkReadOptions, Clock, StoredObject } from "@cloudhost/core/ports";
import { throwIfCancelled } from "../failures.ts";
import { parseKey, parseKeyPrefix } from "./object-key.ts";

/**
 * Keeps objects in this process's memory, for tests: they are gone when the backend is. Disposing of it keeps them, so
 * that a store can be closed and opened over the same backend.
 *
 * @param clock stamps each put
 * @example
 * const store = await imageStore({ backend: memoryBackend() }).open({ clock, ids, logger });
 */
export const memoryBackend = (clock: Pick<Clock, "nowMs"> = systemClock()): ChunkBackend => new MemoryBackend(clock);

class MemoryBackend implements ChunkBackend {
  readonly name = "memory:";
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #objects = new Map<string, { readonly bytes: Uint8Array; readonly modifiedAtMs: number }>();

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  async get(key: string, { range, signal }: ChunkReadOptions = {}): Promise<Uint8Array | undefined> {
    throwIfCancelled(signal, "a read");
    return this.#objects.get(parseKey(key))?.bytes.slice(range?.start, range?.end);
  }

  async size(key: string, signal?: AbortSignal): Promise<number | undefined> {
    throwIfCancelled(signal, "a read");
    return this.#objects.get(parseKey(key))?.bytes.length;
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal, "a write");
    this.#objects.set(parseKey(key), { bytes: Uint8Array.from(bytes), modifiedAtMs: this.#clock.nowMs() });
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal, "a deletion");
    this.#objects.delete(parseKey(key));
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
    parseKeyPrefix(prefix);
    const keys = Array.from(this.#objects.keys()).filter((key) => key.startsWith(prefix));
    for (const key of keys) {
      throwIfCancelled(signal, "a listing");
      const object = this.#objects.get(key);
      if (object !== undefined) yield { key, bytes: object.bytes.length, modifiedAtMs: object.modifiedAtMs };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
