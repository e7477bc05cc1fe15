import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { detached } from "../../src/clock/detached.ts";
import { late, within } from "../../src/clock/within.ts";
import { VirtualClock, systemClock } from "../../src/ports/index.ts";

describe("within", () => {
  it("gives what others answer in time", async () => {
    expect(await within(systemClock(), 60_000, Promise.resolve("answer"))).toBe("answer");
  });

  it("says when they are late", async () => {
    expect(await within(systemClock(), 1, new Promise(() => {}))).toBe(late);
  });

  it("throws what they throw", async () => {
    await expect(within(systemClock(), 60_000, Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  });

  it("waits as long as a timer can when it may wait longer than that", async () => {
    expect(await within(systemClock(), 2 ** 40, sleep(5, "answer"))).toBe("answer");
  });

  it("takes no real time on a virtual clock", async () => {
    const clock = new VirtualClock();
    const beganMs = clock.nowMs();
    expect(await clock.busy(() => within(clock, 3_600_000, new Promise(() => {})))).toBe(late);
    expect(clock.nowMs() - beganMs).toBe(3_600_000);
  });

  it("is not late on a virtual clock while the others do real work", async () => {
    const clock = new VirtualClock();
    const work = detached(() => clock.busy(() => sleep(20, "done")));
    expect(await clock.busy(() => within(clock, 1, work))).toBe("done");
  });

  it("leaves no timer behind that would move a virtual clock", async () => {
    const clock = new VirtualClock();
    await clock.busy(() => within(clock, 3_600_000, Promise.resolve()));
    await clock.settled();
    expect(clock.nowMs()).toBe(new VirtualClock().nowMs());
  });
});
