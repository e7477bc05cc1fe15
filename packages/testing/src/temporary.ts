import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Something that is there until it is disposed of. */
export interface Temporary extends AsyncDisposable {
  /** Where it is: a path, or a connection string. */
  readonly at: string;
}

/** A folder of its own. */
export async function temporaryFolder(): Promise<Temporary> {
  const at = await mkdtemp(join(tmpdir(), "cloudhost-testing-"));
  return { at, [Symbol.asyncDispose]: () => rm(at, { recursive: true, force: true }) };
}

/** A SQLite file. Nobody reads it after a crash, so it need not be on the disk when a commit is answered. */
export const temporarySqlite = (folder: string): Temporary => ({
  at: `sqlite:${join(folder, "cloud.db")}?synchronous=off`,
  async [Symbol.asyncDispose]() {},
});
