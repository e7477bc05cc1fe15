import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageStore } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fileSystemBackend, findLeftovers, imageStore } from "../../src/index.ts";
import { context } from "../support/context.ts";
import { temporaryFolder } from "../support/folder.ts";
import { writeSparseDisk } from "../support/sparse-disk.ts";
import { diskChunks, diskNames, guestId, imageIdOf, random } from "./scene.ts";

/** At least so many; more, until one of them has left something half done. */
const kills = 6;
const killsAtMost = 30;
const childPath = fileURLToPath(new URL("./child.ts", import.meta.url));

/** Runs a child that works on the store, and kills it after so many milliseconds of work. */
async function runAndKill(folder: string, seed: number, afterMs: number): Promise<NodeJS.Signals | null> {
  const args = ["--conditions=@cloudhost/source", childPath, folder, String(seed)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  child.kill("SIGKILL");
  const [, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  return signal;
}

async function faultsOf(store: ImageStore): Promise<unknown[]> {
  const faults: unknown[] = [];
  for await (const fault of store.verify()) faults.push(fault);
  return faults;
}

describe("a process that is killed while it stores, deletes, restores and fetches", () => {
  it("leaves whole images and nothing else, again and again", async () => {
    await using folder = await temporaryFolder();
    const path = (name: string): string => join(folder.path, name);
    await mkdir(path("cache"));
    for (const disk of diskNames) await writeSparseDisk(path(disk), { chunks: diskChunks[disk], tail: 500 });
    const whole = new Map(
      await Promise.all(diskNames.map(async (disk) => [disk, await readFile(path(disk))] as const)),
    );
    const pick = random(7);
    let interrupted = 0;

    for (let kill = 0; kill < kills || (interrupted === 0 && kill < killsAtMost); kill += 1) {
      expect(await runAndKill(folder.path, kill, pick(400))).toBe("SIGKILL");
      // As the next process has it: it takes away what the killed one was writing before it writes itself.
      const backend = fileSystemBackend(path("store"));
      interrupted += (await findLeftovers(backend)).length;
      await using store = await imageStore({ backend }).open(context());
      await using images = await store.hostImages({ cacheDir: path("cache") });
      expect(await findLeftovers(backend)).toEqual([]);
      expect(await faultsOf(store)).toEqual([]);
      for (const disk of diskNames) {
        const there = await store.get(imageIdOf(disk));
        const { digest } = await store.import(imageIdOf(disk), path(disk));
        expect([undefined, digest]).toContain(there?.digest);
        const base = await images.ensure({ imageId: imageIdOf(disk), digest, holder: guestId });
        expect((await readFile(base.path)).equals(whole.get(disk) ?? Buffer.alloc(0))).toBe(true);
      }
      await images.release(guestId);
    }
    // Otherwise every kill came between two steps, and has shown nothing.
    expect(interrupted).toBeGreaterThan(0);
    // What was exported is whole, and nothing half written lies about.
    const files = (await readdir(folder.path)).filter((name) => !name.startsWith(".part-"));
    for (const disk of diskNames.filter((name) => files.includes(`${name}.out`))) {
      expect((await readFile(path(`${disk}.out`))).equals(whole.get(disk) ?? Buffer.alloc(0))).toBe(true);
    }
    expect(await readdir(path("store/.parts"))).toEqual([]);
    expect((await readdir(path("cache/bases"))).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
