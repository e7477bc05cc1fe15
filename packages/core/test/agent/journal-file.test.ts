import { readFile, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JournalFile } from "../../src/agent/journal-file.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const some = (count: number): { readonly n: number; readonly text: string }[] =>
  Array.from({ length: count }, (_, n) => ({ n, text: `line ${n}\nof two` }));

/** A journal's file with these records, closed again. */
async function written(folder: string, records: readonly unknown[]): Promise<string> {
  const path = join(folder, "journal");
  await using file = await JournalFile.create(path, []);
  for (const record of records) await file.append(record);
  return path;
}

describe("JournalFile", () => {
  it("is empty before there is a file", async () => {
    await using folder = await temporaryFolder();
    expect(await JournalFile.read(join(folder.path, "none"))).toEqual({ records: [], damagedLines: 0 });
  });

  it("keeps records in the order in which they came", async () => {
    await using folder = await temporaryFolder();
    const path = await written(folder.path, some(5));
    expect(await JournalFile.read(path)).toEqual({ records: some(5), damagedLines: 0 });
  });

  it("keeps those that came at once, in order", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "journal");
    await using file = await JournalFile.create(path, []);
    await Promise.all(some(500).map((record) => file.append(record)));
    expect(await JournalFile.read(path)).toEqual({ records: some(500), damagedLines: 0 });
  });

  it("gives what is whole, wherever the last write was torn", async () => {
    await using folder = await temporaryFolder();
    const path = await written(folder.path, some(3));
    const whole = await readFile(path);
    const ends = [...whole.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
    for (let bytes = whole.length; bytes >= 0; bytes -= 1) {
      await truncate(path, bytes);
      const complete = ends.filter((end) => end <= bytes).length;
      const torn = bytes > (ends[complete - 1] ?? 0) ? 1 : 0;
      expect(await JournalFile.read(path)).toEqual({ records: some(3).slice(0, complete), damagedLines: torn });
    }
  });

  it("leaves out a line in the middle that is damaged", async () => {
    await using folder = await temporaryFolder();
    const path = await written(folder.path, some(3));
    await writeFile(path, (await readFile(path, "utf8")).replace("line 1", "line 7"));
    const [first, , last] = some(3);
    expect(await JournalFile.read(path)).toEqual({ records: [first, last], damagedLines: 1 });
  });

  it("is rewritten, with what comes afterwards behind", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "journal");
    await using file = await JournalFile.create(path, some(100));
    const before = file.append("before");
    file.rewrite(() => ["kept", "before"]);
    const after = file.append("after");
    await Promise.all([before, after]);
    const { records } = await JournalFile.read(path);
    expect(records.slice(0, 2)).toEqual(["kept", "before"]);
    expect(records.at(-1)).toBe("after");
    expect(await readdir(folder.path)).toEqual(["journal"]);
  });

  it("refuses every record once the disk refused one", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "gone", "journal");
    const file = await JournalFile.create(join(folder.path, "journal"), []);
    await file[Symbol.asyncDispose]();
    await expect(file.append("one")).rejects.toMatchObject({ code: "EBADF" });
    await expect(file.append("two")).rejects.toMatchObject({ code: "EBADF" });
    await expect(JournalFile.create(path, [])).rejects.toMatchObject({ code: "ENOENT" });
  });
});
