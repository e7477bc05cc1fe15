import { spawn } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fileSystemBackend } from "../../src/index.ts";
import { Together } from "../../src/backends/together.ts";
import { thisProcess } from "../../src/files/process-identity.ts";
import { temporaryPath } from "../../src/files/temporary.ts";
import { temporaryFolder } from "../support/folder.ts";

describe("the file system backend", () => {
  it("makes no folder before the first put", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "a/b");
    const backend = fileSystemBackend(path);
    expect(backend.name).toBe(`fs:${path}`);
    expect(await backend.get("store.json")).toBeUndefined();
    expect(await readdir(folder.path)).toEqual([]);
    await backend.put("store.json", Buffer.from("{}"));
    expect((await readdir(path)).toSorted()).toEqual([".parts", "store.json"]);
  });

  it("removes what a killed process was writing, and nothing of one that runs", async () => {
    await using folder = await temporaryFolder();
    const parts = join(folder.path, ".parts");
    await mkdir(parts);
    const mine = temporaryPath(parts);
    const { scope, started } = thisProcess();
    const [dead, other] = [
      mine.replace(`-${process.pid}-`, `-${await endedPid()}-`),
      mine.replace(scope, "0123456789ab"),
    ];
    for (const path of [mine, dead, other, join(parts, "notes.txt")]) await writeFile(path, started);
    await fileSystemBackend(folder.path).put("store.json", Buffer.from("{}"));
    expect((await readdir(parts)).map((name) => join(parts, name)).toSorted()).toEqual(
      [mine, other, join(parts, "notes.txt")].toSorted(),
    );
  });

  it("lists no file that is not its own", async () => {
    await using folder = await temporaryFolder();
    const backend = fileSystemBackend(folder.path);
    await backend.put("names/a.0", Buffer.from("{}"));
    await writeFile(join(folder.path, "names/.swp"), "");
    const keys: string[] = [];
    for await (const { key } of backend.list("")) keys.push(key);
    expect(keys).toEqual(["names/a.0"]);
  });

  it("says that its folder cannot be used", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "file"), "");
    const backend = fileSystemBackend(join(folder.path, "file"));
    await expect(backend.put("store.json", Buffer.from("{}"))).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      details: { host: backend.name },
    });
  });
});

describe("work that is done together", () => {
  it("runs once more for all who came while it ran", async () => {
    let runs = 0;
    const gate = Promise.withResolvers<void>();
    const together = new Together(async () => {
      runs += 1;
      await gate.promise;
    });
    const callers = Array.from({ length: 8 }, () => together.do("folder"));
    gate.resolve();
    await Promise.all(callers);
    expect(runs).toBe(2);
  });

  it("tells each what came of the run that it shared", async () => {
    let runs = 0;
    const together = new Together(async () => {
      runs += 1;
      if (runs === 1) throw new Error("the first failed");
    });
    const [first, second] = await Promise.allSettled([together.do("folder"), together.do("folder")]);
    expect([first.status, second.status]).toEqual(["rejected", "fulfilled"]);
    await together.do("folder");
    expect(runs).toBe(3);
  });
});

/** The number of a process that has just ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid ?? 0;
}
