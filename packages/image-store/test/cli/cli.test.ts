import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/main.ts";
import { fileSystemBackend } from "../../src/index.ts";
import { temporaryFolder } from "../support/folder.ts";
import { scriptedServer } from "../support/scripted-server.ts";
import { putStrangersLease } from "../support/strangers.ts";

interface Ran {
  readonly exitCode: number;
  readonly out: string;
  readonly notes: string;
}
interface Setting {
  readonly isWatched?: boolean;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

async function run(args: readonly string[], setting: Setting = {}): Promise<Ran> {
  const out: string[] = [];
  const notes: string[] = [];
  const exitCode = await runCli(args, {
    print: (line) => void out.push(line),
    note: (text) => void notes.push(text),
    isWatched: false,
    environment: {},
    signal: new AbortController().signal,
    clock: systemClock(),
    ...setting,
  });
  return { exitCode, out: out.join("\n"), notes: notes.join("") };
}

async function scene(): Promise<
  { repo: string; disk: string; readonly file: (name: string) => string } & AsyncDisposable
> {
  const folder = await temporaryFolder();
  const file = (name: string): string => join(folder.path, name);
  await writeFile(file("disk"), "a small disk\n".repeat(1_000));
  return { repo: file("repo"), disk: file("disk"), file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

describe("cloudhost-images", () => {
  it("stores, lists, measures, verifies, restores and deletes", async () => {
    await using stage = await scene();
    const { repo, disk, file } = stage;
    const stored = await run(["store", repo, "Debian-12", disk]);
    expect(stored).toMatchObject({
      exitCode: 0,
      out: expect.stringContaining("Debian-12 is stored: 12.7 KiB") as string,
    });
    expect(await run(["list", `fs:${repo}`])).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^Debian-12 {2}12\.7 KiB {2}sha256:[0-9a-f]{64}$/) as string,
    });
    expect((await run(["stats", repo])).out).toMatch(/^images\s+1$/m);
    expect(await run(["verify", repo])).toMatchObject({ exitCode: 0, out: "Everything is whole." });
    expect(await run(["restore", repo, "Debian-12", file("out")])).toMatchObject({ exitCode: 0 });
    expect((await readFile(file("out"))).equals(await readFile(disk))).toBe(true);
    expect(await run(["delete", repo, "Debian-12"])).toMatchObject({ exitCode: 0, out: "Debian-12 is deleted." });
    expect(await run(["delete", repo, "Debian-12"])).toMatchObject({ exitCode: 0, out: "There was no Debian-12." });
    expect(await run(["list", repo])).toMatchObject({ exitCode: 0, out: "No images." });
  });

  it("prints lines of JSON for programs", async () => {
    await using stage = await scene();
    const { repo, disk } = stage;
    const stored: unknown = JSON.parse((await run(["store", repo, "one", disk, "--json"])).out);
    expect(stored).toMatchObject({ name: "one", logicalBytes: 13_000, chunks: { total: 1, new: 1 } });
    const listed: unknown = JSON.parse((await run(["list", repo, "--json"])).out);
    expect(listed).toMatchObject({ name: "one", logicalBytes: 13_000 });
    expect(JSON.parse((await run(["stats", repo, "--json"])).out)).toMatchObject({ images: 1, chunks: 1 });
    expect(await run(["verify", repo, "--json"])).toMatchObject({ exitCode: 0, out: "", notes: "" });
    const failed = await run(["restore", repo, "two", stage.file("out"), "--json"]);
    expect(JSON.parse(failed.notes)).toMatchObject({ code: "NOT_FOUND", details: { resource: "image", id: "two" } });
  });

  it("ends with a code that says what went wrong", async () => {
    await using stage = await scene();
    const { repo, disk, file } = stage;
    await run(["store", repo, "one", disk]);
    await writeFile(file("empty"), "");
    const codes = async (...commands: readonly (readonly string[])[]): Promise<number[]> =>
      Promise.all(commands.map(async (args) => (await run(args)).exitCode));
    expect(
      await codes(["stroe"], ["store", repo], ["list", repo, "--frobnicate"], ["store", repo, "a b", disk]),
    ).toEqual([2, 2, 2, 2]);
    expect(await codes(["restore", repo, "one", disk], ["list", "ftp://x"], ["list", "s3://x"])).toEqual([2, 2, 2]);
    expect(await codes(["restore", repo, "two", file("out")], ["list", file("nothing")])).toEqual([3, 3]);
    expect(await codes(["store", repo, "two", file("empty")])).toEqual([4]);
    expect((await run(["store", repo, "two", disk], { signal: AbortSignal.abort() })).exitCode).toBe(130);
  });

  it("names what is damaged, and what is left over", async () => {
    await using stage = await scene();
    const { repo, disk } = stage;
    await run(["store", repo, "one", disk]);
    const backend = fileSystemBackend(repo);
    for await (const { key } of backend.list("chunks/")) await backend.put(key, Buffer.from("rot"));
    await putStrangersLease(backend, "sessions/own_stranger.1");
    const held = await run(["verify", repo, "--leftovers"]);
    expect(held).toMatchObject({ exitCode: 4, out: expect.stringContaining("one: sha256:") as string });
    expect(held.out).toContain("session sessions/own_stranger.1: somebody is at work with it");
  });

  it("puts a damaged chunk right when its disk is stored again, once it is discarded", async () => {
    await using stage = await scene();
    const { repo, disk } = stage;
    await run(["store", repo, "one", disk]);
    const backend = fileSystemBackend(repo);
    for await (const { key } of backend.list("chunks/")) await backend.put(key, Buffer.from("a chunk that has rotted"));
    expect((await run(["verify", repo, "--discard"])).exitCode).toBe(4);
    await run(["store", repo, "two", disk]);
    expect(await run(["verify", repo])).toMatchObject({ exitCode: 0, out: "Everything is whole." });
  });

  it("removes what no image needs", async () => {
    await using stage = await scene();
    const { repo, disk } = stage;
    await run(["store", repo, "one", disk]);
    await fileSystemBackend(repo).put(`chunks/sha256/ab/ab${"0".repeat(62)}`, Buffer.from("nobody's"));
    expect((await run(["verify", repo, "--leftovers"])).exitCode).toBe(4);
    expect((await run(["gc", repo])).out).toBe("1 objects were removed; 0 are left.");
    expect((await run(["verify", repo, "--leftovers"])).exitCode).toBe(0);
  });

  it("draws one line on a terminal, and tells tenths elsewhere", async () => {
    await using stage = await scene();
    const watched = await run(["store", stage.repo, "one", stage.disk], { isWatched: true });
    expect(watched.notes).toContain("storing one #################### 100 %");
    expect(watched.notes.endsWith("\r\u001b[K")).toBe(true);
    const plain = await run(["restore", stage.repo, "one", stage.file("out")]);
    expect(plain.notes).toBe("restoring one: 100 %, 12.7 KiB\n");
    expect((await run(["verify", stage.repo, "--quiet"])).notes).toBe("");
  });

  it("teaches, with examples for each command", async () => {
    expect(await run(["--help"])).toMatchObject({ exitCode: 0, out: expect.stringContaining("Begin with:") as string });
    for (const command of ["store", "restore", "list", "delete", "stats", "verify", "gc"]) {
      const { exitCode, out } = await run([command, "--help"]);
      expect(exitCode).toBe(0);
      expect(out).toMatch(/Examples?:\n {2}cloudhost-images/);
      expect(out).toContain("Exit codes:");
    }
    expect((await run(["stroe"])).notes).toContain("Did you mean store?");
  });

  it("takes the keys to a bucket from the environment, and says which is missing", async () => {
    await using server = await scriptedServer((_, response) => {
      response.statusCode = 403;
      response.end();
    });
    const repo = `s3://images?endpoint=${server.endpoint}`;
    const without = await run(["list", repo]);
    expect(without).toMatchObject({ exitCode: 2, notes: "Set AWS_ACCESS_KEY_ID in the environment.\n" });
    const environment = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    const mistaken = await run(["list", `${repo}&secret=x`], { environment });
    expect(mistaken).toMatchObject({ exitCode: 2, notes: expect.stringContaining("secret is no option") as string });
    const away = await run(["list", repo], { environment });
    expect(away).toMatchObject({ exitCode: 5, notes: expect.stringContaining("s3://images at 127.0.0.1") as string });
  });
});
