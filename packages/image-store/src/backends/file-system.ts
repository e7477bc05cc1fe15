import { open, readFile, readdir, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import type { ChunkBackend, ChunkReadOptions, StoredObject } from "@cloudhost/core/ports";
import { cancelled, isFull, systemCode, throwIfCancelled } from "../failures.ts";
import { makeFolder, readFully, syncFolder, writeDurably } from "../files/durable.ts";
import { removeAbandoned } from "../files/temporary.ts";
import { parseKey, parseKeyPrefix } from "./object-key.ts";
import { Together } from "./together.ts";

/** Below the root, where no key reaches: keys never start with a dot. */
const temporariesFolder = ".parts";

/**
 * Keeps each object as a file of its own below a folder, which is made with the first put. Any number of processes of
 * this machine may use one folder. What is put is written aside, synced, and moved to its place; then the folder is
 * synced: a kill or a power failure leaves the whole object or none.
 *
 * @param folder relative to the current one
 * @throws CloudHostError from its methods: `EXHAUSTED` when the disk is full, `HOST_UNAVAILABLE` when the folder cannot
 * be used otherwise
 * @example
 * imageStore({ backend: fileSystemBackend("./state/images") });
 */
export const fileSystemBackend = (folder: string): ChunkBackend => new FileSystemBackend(resolve(folder));

class FileSystemBackend implements ChunkBackend {
  readonly name: string;
  readonly #root: string;
  readonly #temporaries: string;
  readonly #syncs = new Together(syncFolder);
  /** Those that are there, as far as this backend made them or found them. */
  readonly #folders = new Set<string>();
  #prepared: Promise<void> | undefined;

  constructor(root: string) {
    this.name = `fs:${root}`;
    this.#root = root;
    this.#temporaries = join(root, temporariesFolder);
  }

  async get(key: string, { range, signal }: ChunkReadOptions = {}): Promise<Uint8Array | undefined> {
    throwIfCancelled(signal, `reading ${key}`);
    const path = this.#path(key);
    return this.#ifThere(key, signal, async () => {
      if (range === undefined) return readFile(path, { signal });
      await using file = await open(path, "r");
      const bytes = Buffer.alloc(Math.max(0, Math.min(range.end, (await file.stat()).size) - range.start));
      return bytes.subarray(0, await readFully(file, bytes, range.start));
    });
  }

  async size(key: string, signal?: AbortSignal): Promise<number | undefined> {
    throwIfCancelled(signal, `looking for ${key}`);
    const path = this.#path(key);
    return this.#ifThere(key, signal, async () => {
      const found = await stat(path);
      return found.isFile() ? found.size : undefined;
    });
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal, `writing ${key}`);
    const path = this.#path(key);
    await this.#does(`writing ${key}`, signal, async () => {
      await this.#prepare();
      await this.#makeFolder(dirname(path));
      await writeDurably(path, bytes, this.#temporaries, (folder) => this.#syncs.do(folder));
    });
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal, `deleting ${key}`);
    const path = this.#path(key);
    await this.#ifThere(key, signal, async () => {
      await rm(path);
      await this.#syncs.do(dirname(path));
    });
  }

  async *list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
    const folder = parseKeyPrefix(prefix).slice(0, prefix.lastIndexOf("/") + 1);
    yield* this.#walk(folder, prefix, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #path(key: string): string {
    return join(this.#root, parseKey(key));
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await makeFolder(folder);
    this.#folders.add(folder);
  }

  /** Before the first put: a folder for what is not finished, without what killed processes left in it. */
  #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      await makeFolder(this.#temporaries);
      await removeAbandoned(this.#temporaries);
    })().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  /** Keys below `folder` (empty, or ending with a slash) that start with the prefix. Folders may vanish meanwhile. */
  async *#walk(folder: string, prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject> {
    const path = join(this.#root, folder);
    const entries = await this.#ifThere(folder, signal, () => readdir(path, { withFileTypes: true }));
    for (const entry of entries ?? []) {
      throwIfCancelled(signal, "a listing");
      const key = folder + entry.name;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory() && (prefix.startsWith(`${key}/`) || key.startsWith(prefix))) {
        yield* this.#walk(`${key}/`, prefix, signal);
      } else if (entry.isFile() && key.startsWith(prefix)) {
        const found = await this.#ifThere(key, signal, () => stat(join(this.#root, key)));
        if (found !== undefined) yield { key, bytes: found.size, modifiedAtMs: found.mtimeMs };
      }
    }
  }

  async #ifThere<T>(key: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T | undefined> {
    return this.#does(`reaching ${key}`, signal, async () => {
      try {
        return await work();
      } catch (error) {
        const code = systemCode(error);
        if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
        throw error;
      }
    });
  }

  async #does<T>(what: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted === true) throw cancelled(what, error);
      const code = systemCode(error);
      if (isFull(code)) {
        throw new CloudHostError(
          "EXHAUSTED",
          `No room is left in ${this.name}.`,
          { resource: "disk" },
          { cause: error },
        );
      }
      const reason = `${what} failed: ${code ?? String(error)}`;
      throw new CloudHostError(
        "HOST_UNAVAILABLE",
        `The image store ${this.name} cannot be used.`,
        { host: this.name, reason },
        { cause: error, retryable: code !== "EACCES" && code !== "EPERM" && code !== "EROFS" },
      );
    }
  }
}
