import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { VirtualClock, silentLogger, uuidv7Ids } from "@cloudhost/core/ports";
import type { ImageStoreContext } from "@cloudhost/core/ports";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fileSystemBackend, findLeftovers, imageStore, memoryBackend } from "../src/index.ts";
import { qcow2Magic } from "../src/disks/qcow2-header.ts";
import { openImageStore } from "../src/image-store.ts";
import { context } from "./support/context.ts";
import { temporaryFolder } from "./support/folder.ts";
import { sharedThreads } from "./support/image-store-subject.ts";
import { sparseDisk, writeSparseDisk } from "./support/sparse-disk.ts";

describe("an image store", () => {
  it("gives any disk back, and stores each different chunk once", async () => {
    await using folder = await temporaryFolder();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(sparseDisk, { minLength: 1, maxLength: 3 }), async (disks) => {
        const options = { backend: memoryBackend() };
        await using store = await openImageStore(options, context(), sharedThreads, []);
        const different = new Set<string>();
        for (const [number, disk] of disks.entries()) {
          const path = join(folder.path, `disk-${(round += 1)}`);
          const chunks = await writeSparseDisk(path, disk);
          const before = different.size;
          for (const chunk of chunks) different.add(chunk);
          const sealed = await store.import(`disk-${number}`, path);
          expect(sealed.chunks.new).toBe(different.size - before);
          expect(sealed.chunks.new + sealed.chunks.duplicate).toBe(chunks.length);
          await store.export(`disk-${number}`, `${path}-out`);
          expect((await readFile(path)).equals(await readFile(`${path}-out`))).toBe(true);
        }
        expect((await store.stats()).chunks).toBe(different.size);
      }),
      { numRuns: 10 },
    );
  });

  it("finds what related images share, as snapshots of one disk do", async () => {
    await using folder = await temporaryFolder();
    await using store = await imageStore({ backend: memoryBackend() }).open(context());
    const base = { chunks: [1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 7, 8], tail: 0 };
    let all = 0;
    let duplicate = 0;
    for (let snapshot = 0; snapshot < 5; snapshot += 1) {
      const path = join(folder.path, `snapshot-${snapshot}`);
      // Two chunks of eight differ from the one before.
      const chunks = base.chunks.map((seed, at) => (at === 1 || at === 10 ? seed + 10 * snapshot : seed));
      await writeSparseDisk(path, { ...base, chunks });
      const sealed = await store.import(`snapshot-${snapshot}`, path);
      all += sealed.chunks.new + sealed.chunks.duplicate;
      duplicate += sealed.chunks.duplicate;
    }
    expect(duplicate / all).toBe(24 / 40);
  });

  it("leaves the event loop free while it imports, exports and verifies", async () => {
    await using folder = await temporaryFolder();
    await using store = await imageStore({ backend: fileSystemBackend(join(folder.path, "store")) }).open(context());
    const path = join(folder.path, "disk");
    await writeSparseDisk(path, { chunks: Array.from({ length: 30 }, (_, at) => at + 1), tail: 0 });
    let longestMs = 0;
    let before = process.threadCpuUsage();
    // What this thread itself computed between two ticks, however busy the machine is otherwise.
    const timer = setInterval(() => {
      const { user, system } = process.threadCpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1_000);
      before = process.threadCpuUsage();
    }, 5);
    await store.import("one", path);
    await store.export("one", join(folder.path, "out"));
    expect(await Array.fromAsync(store.verify())).toEqual([]);
    clearInterval(timer);
    expect(longestMs).toBeLessThan(50);
  });

  it("reads raw disks without qemu-img, and says what a qcow2 needs", async () => {
    await using folder = await temporaryFolder();
    const config = imageStore({ backend: memoryBackend(), qemuImg: join(folder.path, "no-qemu-img") });
    await using store = await config.open(context());
    // Large enough that its holes would be asked for.
    const path = join(folder.path, "raw");
    await writeSparseDisk(path, { chunks: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1], tail: 0 });
    expect((await store.import("raw", path)).chunks).toMatchObject({ total: 10, zero: 9, new: 1 });
    const missing = { code: "DEPENDENCY_MISSING", details: { remedy: "apt-get install qemu-utils" } };
    await expect(store.export("raw", join(folder.path, "out"), { format: "qcow2" })).rejects.toMatchObject(missing);
    const header = Buffer.alloc(512);
    qcow2Magic.copy(header);
    header.writeUInt32BE(2, 4);
    header.writeUInt32BE(16, 20);
    header.writeBigUInt64BE(4096n, 24);
    await writeFile(join(folder.path, "qcow2"), header);
    await expect(store.import("qcow2", join(folder.path, "qcow2"))).rejects.toMatchObject(missing);
  });

  it("works under a virtual clock, which stands still meanwhile", async () => {
    await using folder = await temporaryFolder();
    const clock = new VirtualClock();
    const virtual: ImageStoreContext = { clock, ids: uuidv7Ids(clock), logger: silentLogger };
    await using store = await imageStore({ backend: memoryBackend(clock) }).open(virtual);
    const path = join(folder.path, "disk");
    await writeSparseDisk(path, { chunks: [1, 0, 2], tail: 10 });
    const startMs = clock.nowMs();
    const sleeper = clock.sleep(1_000);
    await Promise.all([store.import("one", path), store.import("one", path)]);
    expect(clock.nowMs() - startMs).toBeLessThan(1_000 + 60_000);
    await sleeper;
  });

  it("cancels what is under way when it is closed, and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const backend = memoryBackend();
    const store = await imageStore({ backend }).open(context());
    const path = join(folder.path, "disk");
    await writeSparseDisk(path, { chunks: [1, 2, 3, 4, 5, 6, 7, 8], tail: 0 });
    const importing = store.import("one", path);
    const [ended] = await Promise.allSettled([importing, store[Symbol.asyncDispose]()]);
    expect(ended).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
    await expect(store.get("one")).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await findLeftovers(backend)).toEqual([]);
  });

  it("refuses a store of a newer version", async () => {
    const backend = memoryBackend();
    await backend.put("store.json", Buffer.from(`{"version":2}`));
    await expect(imageStore({ backend }).open(context())).rejects.toMatchObject({
      code: "VERSION_MISMATCH",
      details: { found: "2", supported: "1" },
    });
  });

  it("opens when the object store cannot be reached, and says so when it is needed", async () => {
    const down = Promise.reject(new Error("down"));
    down.catch(() => {});
    const backend = Object.assign(Object.create(memoryBackend()) as ReturnType<typeof memoryBackend>, {
      get: () => down,
      list: async function* () {
        yield await down;
      },
    });
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, message = "") => void warnings.push(message) };
    await using store = await imageStore({ backend }).open({ ...context(), logger });
    expect(warnings).toEqual(["leftovers could not be collected yet"]);
    await expect(store.get("one")).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("goes on listing when one name is damaged, and lets that be deleted", async () => {
    await using folder = await temporaryFolder();
    const backend = memoryBackend();
    await using store = await imageStore({ backend }).open(context());
    for (const name of ["one", "two"]) {
      await writeFile(join(folder.path, name), name);
      await store.import(name, join(folder.path, name));
    }
    await backend.put("names/one.0", Buffer.from("{}"));
    const names: string[] = [];
    for await (const { name } of store.list()) names.push(name);
    expect(names).toEqual(["two"]);
    await expect(store.get("one")).rejects.toMatchObject({ code: "IMAGE_CORRUPT", details: { image: "one" } });
    await store.delete("one");
    expect(await store.stats()).toMatchObject({ images: 1, chunks: 1 });
    expect(await findLeftovers(backend)).toEqual([]);
  });
});
