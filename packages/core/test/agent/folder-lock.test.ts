import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lockFolder } from "../../src/agent/folder-lock.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const locks = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.includes("lock"));

describe("lockFolder", () => {
  it("lets one holder in", async () => {
    await using folder = await temporaryFolder();
    await using _held = await lockFolder(folder.path);
    await expect(lockFolder(folder.path)).rejects.toMatchObject({
      code: "LOCKED",
      details: { resource: folder.path, by: `process ${process.pid}` },
    });
  });

  it("lets the next in when the holder is done", async () => {
    await using folder = await temporaryFolder();
    for (let turn = 0; turn < 3; turn += 1) await (await lockFolder(folder.path))[Symbol.asyncDispose]();
    await using _held = await lockFolder(folder.path);
    expect(await locks(folder.path)).toEqual(["lock.4"]);
  });

  it("makes the folder", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "hosts", "host-1");
    await using _held = await lockFolder(path);
    expect(await locks(path)).toEqual(["lock.1"]);
  });

  it("takes over from a process that was killed", async () => {
    await using folder = await temporaryFolder();
    const holder = spawn(process.execPath, [new URL("./hold-lock.ts", import.meta.url).pathname, folder.path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    await expect(lockFolder(folder.path)).rejects.toMatchObject({ code: "LOCKED" });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await using _held = await lockFolder(folder.path);
    expect(await locks(folder.path)).toEqual(["lock.2"]);
  });

  it("is not misled by a process that has the holder's number now", async () => {
    await using folder = await temporaryFolder();
    const earlier = { pid: process.pid, started: "another boot:12345", released: false };
    await writeFile(join(folder.path, "lock.7"), JSON.stringify(earlier));
    await using _held = await lockFolder(folder.path);
    expect(await locks(folder.path)).toEqual(["lock.8"]);
  });

  it("takes over a lock that was damaged with its machine", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "lock.3"), "\0\0\0\0");
    await using _held = await lockFolder(folder.path);
    expect(await locks(folder.path)).toEqual(["lock.4"]);
  });

  it("lets one of many in who find a dead lock at once", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "lock.1"), JSON.stringify({ pid: 1, started: "gone:1", released: false }));
    const tries = await Promise.allSettled(Array.from({ length: 30 }, () => lockFolder(folder.path)));
    const holders = tries.filter(({ status }) => status === "fulfilled");
    expect(holders).toHaveLength(1);
    expect(await locks(folder.path)).toHaveLength(1);
  });
});
