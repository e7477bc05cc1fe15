import { describe, expect, it } from "vitest";
import { forEachLimited } from "../src/concurrency.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("working on items, some at once", () => {
  it("works on all of them, never on more than the limit", async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachLimited(Array(20).keys(), 3, async (item) => {
      most = Math.max(most, (running += 1));
      await turn();
      running -= 1;
      done.push(item);
    });
    expect(done.toSorted((a, b) => a - b)).toEqual([...Array(20).keys()]);
    expect(most).toBe(3);
  });

  it("takes an item only when there is room for it", async () => {
    let taken = 0;
    const items = async function* (): AsyncGenerator<number> {
      for (; taken < 10; taken += 1) yield taken;
    };
    const release = Promise.withResolvers<void>();
    const work = forEachLimited(items(), 2, () => release.promise);
    await turn();
    await turn();
    expect(taken).toBeLessThanOrEqual(2);
    release.resolve();
    await work;
    expect(taken).toBe(10);
  });

  it("takes no more after a failure, waits for what runs, and throws the first", async () => {
    const ended: number[] = [];
    const work = forEachLimited(Array(20).keys(), 3, async (item) => {
      await turn();
      if (item === 1) throw new Error("the second failed");
      await turn();
      ended.push(item);
    });
    await expect(work).rejects.toThrow("the second failed");
    expect(ended).toContain(0);
    expect(ended.length).toBeLessThan(6);
  });

  it("waits for what runs when the items themselves fail", async () => {
    let isEnded = false;
    const items = async function* (): AsyncGenerator<number> {
      yield 1;
      throw new Error("no more items");
    };
    const work = forEachLimited(items(), 3, async () => {
      await turn();
      await turn();
      isEnded = true;
    });
    await expect(work).rejects.toThrow("no more items");
    expect(isEnded).toBe(true);
  });
});
