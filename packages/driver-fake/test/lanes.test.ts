import { describe, expect, it } from "vitest";
import { Lanes } from "../src/lanes.ts";

describe("lanes", () => {
  it("do one thing at a time for a key, in order, also after a failure", async () => {
    const lanes = new Lanes();
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const first = lanes.run("a", async () => {
      await gate.promise;
      done.push("first");
      throw new Error("no luck");
    });
    const second = lanes.run("a", async () => done.push("second"));
    await lanes.run("b", async () => done.push("another key"));
    gate.resolve();
    await expect(first).rejects.toThrow("no luck");
    await second;
    expect(done).toEqual(["another key", "first", "second"]);
  });
});
