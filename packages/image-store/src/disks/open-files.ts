import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { fileFailure, imageCorrupt } from "../failures.ts";
import { readFully } from "../files/durable.ts";
import type { Piece } from "./extent.ts";

/** The files of a disk, open for reading. */
export class OpenFiles implements AsyncDisposable {
  readonly handles: readonly FileHandle[];
  readonly #path: string;

  /** @param path of the disk, for people */
  constructor(path: string, handles: readonly FileHandle[]) {
    this.#path = path;
    this.handles = handles;
  }

  /** @throws CloudHostError `NOT_FOUND`, `INVALID_ARGUMENT` */
  static async open(path: string, files: readonly string[]): Promise<OpenFiles> {
    const handles: FileHandle[] = [];
    try {
      for (const file of files) handles.push(await open(file, "r"));
    } catch (error) {
      await Promise.all(handles.map((handle) => handle.close()));
      throw fileFailure(error, path);
    }
    return new OpenFiles(path, handles);
  }

  /**
   * Reads one piece to its place in a chunk.
   * @param endsInZeros whether the last cluster may be cut off where only zeros follow, as in a qcow2
   * @throws CloudHostError `IMAGE_CORRUPT`
   */
  async read({ file, offset, at, length }: Piece, chunk: Uint8Array, endsInZeros: boolean): Promise<void> {
    const into = chunk.subarray(at, at + length);
    const handle = this.handles[file];
    if (handle === undefined) throw new RangeError(`the disk ${this.#path} has no file ${file}`);
    let done: number;
    try {
      done = await readFully(handle, into, offset);
    } catch (error) {
      throw fileFailure(error, this.#path);
    }
    if (done === length) return;
    if (!endsInZeros) {
      const reason = `it ends at byte ${offset + done}`;
      throw imageCorrupt(`${this.#path} became shorter while it was read: ${reason}.`, { reason });
    }
    into.fill(0, done);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.handles.map((handle) => handle.close()));
  }
}
