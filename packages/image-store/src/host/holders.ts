import { constants, copyFile, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ChunkBackend } from "@cloudhost/core/ports";
import { Together } from "../backends/together.ts";
import { systemCode } from "../failures.ts";
import { makeFolder, syncFolder } from "../files/durable.ts";

/** What every pair's object is a copy of: a copy is one call of the system where a file of its own words takes three. */
const template = { name: ".holder", text: "A guest holds a base: the name of this file says which.\n" };

/** Who holds which bases: an object for each pair, so that a kill between two leaves both right. */
export class Holders {
  readonly #backend: ChunkBackend;
  readonly #folder: string;
  readonly #syncs = new Together(syncFolder);
  #made: Promise<void> | undefined;

  /**
   * @param backend keeps its objects as files
   * @param folder where
   */
  constructor(backend: ChunkBackend, folder: string) {
    this.#backend = backend;
    this.#folder = folder;
  }

  /** Key of the pair. */
  keyOf(holder: string, digest: string): string {
    return `holders/${holder}.${digest.slice(digest.indexOf(":") + 1)}`;
  }

  /**
   * Durable when it resolves, for a sync of the folder, which those who come together share: a pair is its key.
   * @returns whether it was not held by this holder before
   */
  async hold(holder: string, digest: string): Promise<boolean> {
    const path = join(this.#folder, this.keyOf(holder, digest));
    this.#made ??= this.#make(dirname(path)).catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    await this.#made;
    // Again even if it is there: it must be seen by an eviction that begins now, and its stamp tells the time.
    const isNew = await put(path, join(this.#folder, template.name));
    await this.#syncs.do(dirname(path));
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

  async #make(folder: string): Promise<void> {
    await makeFolder(folder);
    await writeFile(join(this.#folder, template.name), template.text);
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

/** Whether the file is new. */
async function put(path: string, copied: string): Promise<boolean> {
  try {
    await copyFile(copied, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const now = new Date();
    await utimes(path, now, now);
    return false;
  }
}
