import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConsole } from "../../src/guests/console.ts";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ch-console-"));
  path = join(dir, "console.log");
});
afterEach(() => rm(dir, { recursive: true }));

describe("a console's end", () => {
  it("is nothing before the guest has said anything", async () => {
    expect(await readConsole(path, 100)).toBe("");
  });

  it("goes back into the file that was full before", async () => {
    await writeFile(`${path}.0`, "one\ntwo\n");
    await writeFile(path, "three\n");
    expect(await readConsole(path, 10)).toBe("two\nthree\n");
    expect(await readConsole(path, 5)).toBe("hree\n");
    expect(await readConsole(path, 1000)).toBe("one\ntwo\nthree\n");
  });

  it("has no more bytes than it may, and no half of a character", async () => {
    await writeFile(path, Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(await readConsole(path, 4)).toBe("\ufffd");
    await writeFile(path, "aé€");
    expect(await readConsole(path, 5)).toBe("é€");
    expect(Buffer.byteLength(await readConsole(path, 4))).toBeLessThanOrEqual(4);
  });
});
