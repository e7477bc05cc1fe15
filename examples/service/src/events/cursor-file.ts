import { readFile, rename, writeFile } from "node:fs/promises";

/** Where a follower of events has got to, so that it goes on there after a restart. */
export interface Cursor {
  /** 0 before the first event. */
  read(): Promise<number>;
  write(cursor: number): Promise<void>;
}

/** A cursor in a file, which has the old number or the new one, whatever happens meanwhile. */
export const cursorFile = (path: string): Cursor => ({
  async read() {
    try {
      return Number(await readFile(path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
      throw error;
    }
  },
  async write(cursor) {
    await writeFile(`${path}.new`, String(cursor));
    await rename(`${path}.new`, path);
  },
});
