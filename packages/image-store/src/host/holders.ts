import type { ChunkBackend } from "@cloudhost/core/ports";

/** Who holds which bases: an object for each pair, so that a kill between two leaves both right. */
export class Holders {
  readonly #backend: ChunkBackend;

  constructor(backend: ChunkBackend) {
    this.#backend = backend;
  }

  /** Key of the pair. */
  keyOf(holder: string, digest: string): string {
    return `holders/${holder}.${digest.slice(digest.indexOf(":") + 1)}`;
  }

  /** Whether it was not held by this holder before. */
  async hold(holder: string, digest: string): Promise<boolean> {
    const key = this.keyOf(holder, digest);
    const isNew = (await this.#backend.size(key)) === undefined;
    // Again even if it is there: it must be seen by an eviction that begins now, and its stamp tells the time.
    await this.#backend.put(key, Buffer.from(JSON.stringify({ version: 1, holder, digest })));
    return isNew;
  }

  async releaseOne(holder: string, digest: string): Promise<void> {
    await this.#backend.delete(this.keyOf(holder, digest));
  }

  /** @param keep digests of those that stay held */
  async release(holder: string, keep: readonly string[] = []): Promise<void> {
    const kept = new Set(keep.map((digest) => this.keyOf(holder, digest)));
    for await (const { key } of this.#backend.list(`holders/${holder}.`)) {
      if (!kept.has(key)) await this.#backend.delete(key);
    }
  }

  /** Every holder once, in the order of their ids. */
  async all(): Promise<string[]> {
    const pairs = await this.#pairs();
    return [...new Set(pairs.map(({ holder }) => holder))].toSorted();
  }

  /** The hexadecimal digits of every held digest. */
  async heldDigits(): Promise<Set<string>> {
    return new Set((await this.#pairs()).map(({ digits }) => digits));
  }

  async #pairs(): Promise<{ readonly holder: string; readonly digits: string }[]> {
    const pairs = [];
    for await (const { key } of this.#backend.list("holders/")) {
      const [holder = "", digits = ""] = key.slice("holders/".length).split(".");
      pairs.push({ holder, digits });
    }
    return pairs;
  }
}
