import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { bytesFromGib } from "@cloudhost/core/ports";
import type { HostState } from "../world/state.ts";

/** The disks of guests that came past the driver: one raw file each, which stays where it is when they are adopted. */
export class StrangerDisks {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Where a stranger's disk is. */
  path(key: string): string {
    return join(this.#dir, `${key}.raw`);
  }

  /** Makes one, sparse, that begins with a text. */
  async make(key: string, sizeGib: number, text: string): Promise<void> {
    await mkdir(this.#dir, { recursive: true });
    await using file = await open(this.path(key), "w");
    await file.write(text);
    await file.truncate(bytesFromGib(sizeGib));
  }

  /** Removes the disk of an adopted guest that is gone. */
  async remove(path: string): Promise<void> {
    await rm(path, { force: true });
  }

  /** Removes those that belong to nobody: their guest was removed, and a kill kept the file. */
  async tidy({ strangers, guests }: HostState): Promise<void> {
    const wanted = new Set([
      ...[...strangers.values()].flatMap(({ disks }) => disks.map(({ source }) => source)),
      ...[...guests.values()].flatMap(({ adopted, spec }) => (adopted === undefined ? [] : [spec.base.path])),
    ]);
    const names = await readdir(this.#dir).catch(() => []);
    for (const path of names.map((name) => join(this.#dir, name))) if (!wanted.has(path)) await this.remove(path);
  }
}
