import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../../src/codec/chunk-codec.ts";
import { ChunkThreads } from "../../src/codec/chunk-threads.ts";
import { forEachLimited } from "../../src/concurrency.ts";

describe("the threads that work on chunks", () => {
  it("give back the memory that they were lent, with the result", async () => {
    await using threads = new ChunkThreads();
    const bytes = randomBytes(chunkBytes);
    await threads.lend(async (slot) => {
      bytes.copy(slot.data);
      const id = (await threads.identify(slot, chunkBytes)) ?? "";
      expect(slot.data.equals(bytes)).toBe(true);
      const object = Buffer.from(await threads.encode(slot, chunkBytes));
      slot.data.fill(0);
      expect((await threads.decode(slot, object, id, chunkBytes)).equals(bytes)).toBe(true);
    });
  });

  it("answer many at once, each its own", async () => {
    await using threads = new ChunkThreads();
    const ids = await Promise.all(
      Array.from({ length: 12 }, (_, seed) =>
        threads.lend(async (slot) => {
          slot.data.fill(seed % 4 || 9);
          return threads.identify(slot, chunkBytes);
        }),
      ),
    );
    expect(new Set(ids).size).toBe(4);
    expect(ids.slice(0, 4)).toEqual(ids.slice(4, 8));
  });

  it("refuse an object that is longer than any chunk", async () => {
    await using threads = new ChunkThreads();
    const long = Buffer.alloc(2 * chunkBytes);
    await expect(threads.lend((slot) => threads.decode(slot, long, "sha256:", chunkBytes))).rejects.toThrow(
      "more than",
    );
  });

  it("fail what they had when they are ended, and start again when they are needed", async () => {
    await using threads = new ChunkThreads();
    const lost = threads.lend(async (slot) => threads.identify(slot, chunkBytes));
    await Promise.all([expect(lost).rejects.toThrow("has ended"), threads[Symbol.asyncDispose]()]);
    expect(await threads.lend(async (slot) => threads.identify(slot.data.fill(1) && slot, chunkBytes))).toMatch(
      /^sha256:/,
    );
  });

  it("leave the event loop free", async () => {
    await using threads = new ChunkThreads();
    const text = Buffer.alloc(chunkBytes, "all work and no play makes jack a dull boy\n");
    let longestMs = 0;
    let before = process.threadCpuUsage();
    // What the main thread itself computed between two ticks, however busy the machine is otherwise.
    const timer = setInterval(() => {
      const { user, system } = process.threadCpuUsage(before);
      longestMs = Math.max(longestMs, (user + system) / 1_000);
      before = process.threadCpuUsage();
    }, 5);
    const sizes: number[] = [];
    await forEachLimited(Array(40).keys(), 6, (seed) =>
      threads.lend(async (slot) => {
        text.copy(slot.data);
        slot.data.writeUInt32BE(seed + 1, 0);
        await threads.identify(slot, chunkBytes);
        sizes.push((await threads.encode(slot, chunkBytes)).length);
      }),
    );
    clearInterval(timer);
    expect(sizes).toHaveLength(40);
    expect(longestMs).toBeLessThan(50);
  });
});
