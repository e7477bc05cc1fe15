import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStateFolder } from "../../src/state/state-folder.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "cloudhost-quickstart-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("the state folder", () => {
  it("is made, kept out of git, and begun anew only once", async () => {
    const path = join(root, "a/b");
    {
      await using folder = await openStateFolder(path, "fake");
      expect(folder.continues).toBe(false);
      expect(await readFile(join(path, ".gitignore"), "utf8")).toBe("*\n");
      await writeFile(folder.database, "");
    }
    await using again = await openStateFolder(path, "fake");
    expect(again.continues).toBe(true);
  });

  it("has one quickstart at a time", async () => {
    await using _folder = await openStateFolder(root, "fake");
    await expect(openStateFolder(root, "fake")).rejects.toMatchObject({
      code: "LOCKED",
      message: `Another quickstart (process ${process.pid}) is at work in ${root}.`,
    });
  });

  it("belongs to the driver that it was begun with", async () => {
    await (await openStateFolder(root, "fake"))[Symbol.asyncDispose]();
    await expect(openStateFolder(root, "libvirt")).rejects.toMatchObject({ code: "CONFLICT" });
    // The refusal has let go of it.
    await (await openStateFolder(root, "fake"))[Symbol.asyncDispose]();
  });

  it("says so when the note in it is damaged", async () => {
    await writeFile(join(root, "quickstart.json"), '{"driv');
    await expect(openStateFolder(root, "fake")).rejects.toThrow(`What is in ${root} was damaged.`);
  });

  it("says so when it can be no folder", async () => {
    await writeFile(join(root, "file"), "");
    await expect(openStateFolder(join(root, "file"), "fake")).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
  });
});
