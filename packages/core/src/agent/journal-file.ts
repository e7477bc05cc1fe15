import { crc32 } from "node:zlib";
import { open, readFile, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

/** What a file held when it was opened. */
export interface JournalContents {
  /** Every whole record, in order. */
  readonly records: readonly unknown[];
  /** Lines that were no record: the torn tail of the last write, or damage. They are gone once the file is rewritten. */
  readonly damagedLines: number;
}

interface Waiter {
  readonly line: string;
  /** Whether it waits for the disk, or only until the record outlives the process. */
  readonly synced: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** So many lines are made into text at once, so that a rewrite never holds up the thread for long. */
const sliceLines = 256;

/**
 * A file of records, one line each with a checksum before it, that only grows, and is now and then rewritten.
 *
 * {@link JournalFile.append} resolves when the disk has the record. Appends that come while the disk is busy are
 * written together and share one sync, so that many at once cost little more than one. {@link JournalFile.note} resolves
 * when the system has the record: it outlives the process, and the disk has it with the next sync. When the disk
 * refuses, every append from then on is refused: after a failed sync nobody knows what the disk has.
 */
export class JournalFile implements AsyncDisposable {
  readonly #path: string;
  #handle: FileHandle;
  #waiting: Waiter[] = [];
  #rewrite: (() => readonly unknown[]) | undefined;
  #writing: Promise<void> | undefined;
  /** Why the disk refused. */
  #broken: unknown;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** What the file holds; nothing when there is none yet. */
  static async read(path: string): Promise<JournalContents> {
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { records: [], damagedLines: 0 };
      throw error;
    }
    const lines = text.split("\n");
    const torn = lines.pop() === "" ? 0 : 1;
    const records: unknown[] = [];
    for (const line of lines) {
      const record = recordOf(line);
      if (record !== undefined) records.push(record);
    }
    return { records, damagedLines: lines.length - records.length + torn };
  }

  /** Begins the file anew with these records, in the place of what is there; a kill leaves the old one or the new one. */
  static async create(path: string, records: readonly unknown[]): Promise<JournalFile> {
    return new JournalFile(path, await writeWhole(path, records));
  }

  /**
   * Resolves when the disk has the record.
   * @throws the system's error when the disk does not take it
   */
  append(record: unknown): Promise<void> {
    return this.#add(record, true);
  }

  /**
   * Resolves when the record outlives this process, if not yet the machine.
   * @throws the system's error when the disk does not take it
   */
  note(record: unknown): Promise<void> {
    return this.#add(record, false);
  }

  /** Rewrites the file with these records; what is appended from now on comes behind them. */
  rewrite(records: () => readonly unknown[]): void {
    this.#rewrite = records;
    this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    try {
      if (this.#broken === undefined) await this.#handle.datasync();
    } finally {
      await this.#handle.close();
    }
  }

  async #add(record: unknown, synced: boolean): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ line: lineOf(record), synced, resolve, reject });
    });
    this.#write();
    return written;
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  async #writeAll(): Promise<void> {
    // Whoever appends within this turn is written with the first.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#rewrite !== undefined) {
      const batch = this.#waiting;
      this.#waiting = [];
      const records = this.#rewrite;
      this.#rewrite = undefined;
      try {
        if (this.#broken !== undefined) throw this.#broken;
        if (records !== undefined) await this.#replace(records());
        if (batch.length > 0) await this.#handle.appendFile(batch.map(({ line }) => line).join(""));
        for (const waiter of batch) if (!waiter.synced) waiter.resolve();
        if (records !== undefined || batch.some(({ synced }) => synced)) await this.#handle.datasync();
        for (const waiter of batch) waiter.resolve();
      } catch (error) {
        this.#broken ??= error;
        for (const waiter of batch) waiter.reject(this.#broken);
      }
    }
  }

  async #replace(records: readonly unknown[]): Promise<void> {
    const old = this.#handle;
    this.#handle = await writeWhole(this.#path, records);
    await old.close();
  }
}

/** The new file becomes the file only when the disk has all of it. */
async function writeWhole(path: string, records: readonly unknown[]): Promise<FileHandle> {
  const draft = `${path}.new`;
  const handle = await open(draft, "w", 0o600);
  try {
    for (let from = 0; from < records.length; from += sliceLines) {
      await handle.appendFile(
        records
          .slice(from, from + sliceLines)
          .map(lineOf)
          .join(""),
      );
    }
    await handle.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A rename is only as durable as the folder that has the name. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function lineOf(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function recordOf(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== " " || line.slice(0, 8) !== checksum(json)) return undefined;
  return JSON.parse(json) as unknown;
}

const checksum = (json: string): string => crc32(json).toString(16).padStart(8, "0");
