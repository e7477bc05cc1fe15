import { describe, expect, it } from "vitest";
import { Lanes } from "../../src/agent/lanes.ts";

/** A task that ends when it is told to. */
function task(began: string[], name: string): { run: () => Promise<void>; end: () => void } {
  const ended = Promise.withResolvers<void>();
  return {
    run: () => {
      began.push(name);
      return ended.promise;
    },
    end: () => ended.resolve(),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Lanes", () => {
  it("runs what is about one thing one at a time, in order, whatever the lane", async () => {
    const began: string[] = [];
    const lanes = new Lanes();
    const first = task(began, "first");
    const second = task(began, "second");
    const third = task(began, "third");
    lanes.add("transfers", "srv", first.run);
    lanes.add("requests", "srv", second.run);
    lanes.add("requests", "srv", third.run);
    await turn();
    expect(began).toEqual(["first"]);
    first.end();
    await turn();
    expect(began).toEqual(["first", "second"]);
    second.end();
    third.end();
    await lanes.idle();
    expect(began).toEqual(["first", "second", "third"]);
  });

  it("runs what is about different things side by side, but not too many at once", async () => {
    const began: string[] = [];
    const lanes = new Lanes();
    const tasks = Array.from({ length: 20 }, (_, index) => task(began, String(index)));
    for (const [index, { run }] of tasks.entries()) lanes.add("requests", `srv-${index}`, run);
    await turn();
    expect(began).toHaveLength(8);
    for (const { end } of tasks) end();
    await lanes.idle();
    expect(began).toHaveLength(20);
  });

  it("lets no transfer stand in the way of a request", async () => {
    const began: string[] = [];
    const lanes = new Lanes();
    const transfers = Array.from({ length: 8 }, (_, index) => task(began, `transfer ${index}`));
    for (const [index, { run }] of transfers.entries()) lanes.add("transfers", `srv-${index}`, run);
    const stop = task(began, "stop");
    lanes.add("requests", "srv-9", stop.run);
    await turn();
    expect(began).toContain("stop");
    for (const { end } of [...transfers, stop]) end();
    await lanes.idle();
  });

  it("is idle when nothing is queued, also after what came meanwhile", async () => {
    const began: string[] = [];
    const lanes = new Lanes();
    await lanes.idle();
    const first = task(began, "first");
    lanes.add("requests", "srv", first.run);
    const idle = lanes.idle();
    const second = task(began, "second");
    lanes.add("requests", "srv", second.run);
    first.end();
    second.end();
    await idle;
    expect(began).toEqual(["first", "second"]);
  });
});
