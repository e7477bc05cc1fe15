import { open, readFile, rename } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { CloudHostError } from "@cloudhost/core/ports";
import { recordVersion, WorldRecord } from "./record.ts";

/**
 * A host's history as lines of JSON: what is appended is on the disk before it is done. Opening begins the file anew
 * with one record that stands for all before it. One writer; whoever reads may do so at any time.
 */
export class Journal implements AsyncDisposable {
  readonly #path: string;
  #file: FileHandle;
  /** Records behind the first. */
  length = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins the journal anew: a kill leaves the old file or the new one. */
  static async begin(path: string, first: WorldRecord): Promise<Journal> {
    return new Journal(path, await replace(path, first));
  }

  /** Resolves when the disk has the record. */
  async append(record: WorldRecord): Promise<void> {
    await this.#file.appendFile(lineOf(record));
    await this.#file.datasync();
    this.length += 1;
  }

  /** Puts one record in the place of all. */
  async compact(first: WorldRecord): Promise<void> {
    const old = this.#file;
    this.#file = await replace(this.#path, first);
    this.length = 0;
    await old.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Every record of a journal; none when there is no file. A last line without its end was cut off by a kill: what it
 * would have told was never done.
 * @throws CloudHostError `INTERNAL` when a whole line is damaged, `VERSION_MISMATCH`
 */
export async function readJournal(path: string): Promise<WorldRecord[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line, index) => parseLine(line, `${path}:${index + 1}`));
}

const lineOf = (record: WorldRecord): string => `${JSON.stringify(record)}\n`;

function parseLine(line: string, where: string): WorldRecord {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw damaged(where, cause);
  }
  refuseNewer(json, where);
  const parsed = WorldRecord.safeParse(json);
  if (!parsed.success) throw damaged(where, parsed.error);
  return parsed.data;
}

const damaged = (where: string, cause: unknown): CloudHostError =>
  new CloudHostError("INTERNAL", `The fake host's journal is damaged at ${where}.`, { reason: where }, { cause });

function refuseNewer(json: unknown, where: string): void {
  if (typeof json !== "object" || json === null || !("version" in json) || json.version === recordVersion) return;
  throw new CloudHostError("VERSION_MISMATCH", `The fake host's journal at ${where} is of another version.`, {
    what: "a fake host's journal",
    found: String(json.version),
    supported: String(recordVersion),
  });
}

async function replace(path: string, first: WorldRecord): Promise<FileHandle> {
  const draft = `${path}.new`;
  const file = await open(draft, "w");
  try {
    await file.appendFile(lineOf(first));
    await file.sync();
    await rename(draft, path);
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A rename is only as durable as the folder that has the name. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
