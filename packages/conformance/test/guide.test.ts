import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const guide = join(import.meta.dirname, "../../../docs/guides/write-a-driver.md");
const code = join(import.meta.dirname, "process-driver");

/** The guide's code by file: a file's blocks in their order, with a line between them. */
async function codeOfGuide(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [, file = "", block = ""] of (await readFile(guide, "utf8")).matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)) {
    const before = files.get(file);
    files.set(file, before === undefined ? block : `${before}\n${block}`);
  }
  return files;
}

describe("the guide to writing a driver", () => {
  it("has the code that is compiled and tested, and all of it", async () => {
    const files = await codeOfGuide();
    expect([...files.keys()].toSorted()).toEqual((await readdir(code)).toSorted());
    for (const [file, text] of files) expect(text).toBe(await readFile(join(code, file), "utf8"));
  });
});
