import { mkdtemp, open, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findProgram } from "../../src/find-program.ts";
import { makeImage } from "../../src/image/make-image.ts";
import { realFiles } from "../../src/image/real-files.ts";

const mke2fs = await findProgram("mke2fs");
const { signal } = new AbortController();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cloudhost-quickstart-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("an image made of real files", () => {
  it("has the files one behind the other where there is no mke2fs", async () => {
    const made = await makeImage(folder, undefined, signal);
    expect(made).toMatchObject({ path: join(folder, "image.raw"), layout: "plain", logicalBytes: 128 * 2 ** 20 });
    expect((await stat(made.path)).size).toBe(made.logicalBytes);
    const [first] = await realFiles(72 * 2 ** 20, 2000);
    if (first === undefined) throw new Error("this machine has files");
    await using image = await open(made.path);
    const { buffer } = await image.read(Buffer.alloc(first.bytes), 0, first.bytes, 4096);
    expect(buffer.equals(await readFile(first.path))).toBe(true);
  });

  it.skipIf(mke2fs === undefined)("is an ext4 file system, and nothing else is left beside it", async () => {
    const made = await makeImage(folder, mke2fs, signal);
    expect(made).toMatchObject({ layout: "ext4", logicalBytes: 128 * 2 ** 20 });
    await using image = await open(made.path);
    const { buffer } = await image.read(Buffer.alloc(2), 0, 2, 1024 + 0x38);
    expect(buffer.toString("hex")).toBe("53ef");
    expect(await readdir(folder)).toEqual(["image.raw"]);
  });

  it("is not made when the quickstart was stopped", async () => {
    await expect(makeImage(folder, undefined, AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
    expect(await readdir(folder)).not.toContain("image.raw");
  });

  it("takes no more files than it may", async () => {
    const files = await realFiles(2 ** 20, 10);
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBeLessThanOrEqual(10);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(2 ** 20);
  });
});
