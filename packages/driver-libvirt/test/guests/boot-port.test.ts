import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { forgetBoot, hasBooted, markBooted, markRestart } from "../../src/guests/boot-port.ts";
import { guestFiles } from "../../src/guests/files.ts";
import type { GuestFiles } from "../../src/guests/files.ts";

describe("the boot port", () => {
  let root: string;
  let files: GuestFiles;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "boot-port-"));
    files = { ...guestFiles(root, "srv"), boot: join(root, "boot"), bootMark: join(root, "mark") };
  });
  afterEach(() => rm(root, { recursive: true }));

  it("tells that an OS has booted once it has said anything", async () => {
    expect(await hasBooted(files, 1)).toBe(false);
    await writeFile(files.boot, "");
    expect(await hasBooted(files, 1)).toBe(false);
    await appendFile(files.boot, "ready\n");
    expect(await hasBooted(files, 1)).toBe(true);
  });

  it("forgets what an OS said before it restarted by itself", async () => {
    await writeFile(files.boot, "ready\n");
    await markRestart(files, 1);
    expect(await hasBooted(files, 1)).toBe(false);
    await appendFile(files.boot, "ready\n");
    expect(await hasBooted(files, 1)).toBe(true);
  });

  it("heeds no mark of an earlier run", async () => {
    await writeFile(files.boot, "ready\nready\n");
    await markRestart(files, 1);
    await writeFile(files.boot, "ready\n");
    expect(await hasBooted(files, 2)).toBe(true);
  });

  it("remembers through the run that a saved memory goes on in, until the OS restarts there", async () => {
    await markBooted(files);
    await writeFile(files.boot, "");
    expect(await hasBooted(files, 7)).toBe(true);
    await markRestart(files, 7);
    expect(await hasBooted(files, 7)).toBe(false);
  });

  it("knows nothing before a start", async () => {
    await writeFile(files.boot, "ready\n");
    await markRestart(files, 1);
    await forgetBoot(files);
    await forgetBoot(files);
    expect(await hasBooted(files, 1)).toBe(false);
  });
});
