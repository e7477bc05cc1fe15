import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { detached } from "../../src/clock/detached.ts";
import { VirtualClock } from "../../src/ports/index.ts";

/** A clock, and how far it has moved. */
function begin(): { clock: VirtualClock; movedMs: () => number } {
  const clock = new VirtualClock();
  const beganMs = clock.nowMs();
  return { clock, movedMs: () => clock.nowMs() - beganMs };
}

describe("VirtualClock", () => {
  it("jumps to the next sleeper when all wait", async () => {
    const { clock, movedMs } = begin();
    const woken: number[] = [];
    const sleepFor = (ms: number): Promise<number> => clock.sleep(ms).then(() => woken.push(ms));
    await Promise.all([sleepFor(3_000), sleepFor(1_000), sleepFor(2_000)]);
    expect(woken).toEqual([1_000, 2_000, 3_000]);
    expect(movedMs()).toBe(3_000);
  });

  it("tells whole milliseconds, whatever periods it has", async () => {
    const { clock } = begin();
    const told: number[] = [];
    await using _periodic = clock.every(1_000 / 3, () => void told.push(clock.nowMs()));
    await clock.advance({ seconds: 1 });
    expect([told.length, told.filter((ms) => !Number.isInteger(ms))]).toEqual([3, []]);
  });

  it("stands while somebody works", async () => {
    const { clock, movedMs } = begin();
    const sleeper = clock.sleep(1_000);
    await clock.busy(async () => {
      await sleep(20);
      expect(movedMs()).toBe(0);
    });
    await sleeper;
    expect(movedMs()).toBe(1_000);
  });

  it("moves for work that only waits for others", async () => {
    const { clock, movedMs } = begin();
    await clock.busy(() => clock.waiting(detached(() => clock.sleep(10_000))));
    expect(movedMs()).toBe(10_000);
  });

  it("stands when one of two side by side works and the other sleeps", async () => {
    const { clock, movedMs } = begin();
    await clock.busy(() =>
      Promise.all([
        clock.busy(() => clock.sleep(1_000)),
        clock.busy(async () => {
          await sleep(20);
          expect(movedMs()).toBe(0);
        }),
      ]),
    );
    expect(movedMs()).toBe(1_000);
  });

  it("stands for work that goes on behind one who waits for it", async () => {
    const { clock, movedMs } = begin();
    const timeout = new AbortController();
    const timer = clock.sleep(5, timeout.signal).catch(() => "cancelled");
    await clock.busy(() => clock.waiting(detached(() => clock.busy(() => sleep(20)))));
    timeout.abort();
    expect(await timer).toBe("cancelled");
    expect(movedMs()).toBe(0);
  });

  it("moves periodic tasks only when it is told to", async () => {
    const { clock, movedMs } = begin();
    let runs = 0;
    await using _ticker = clock.every(1_000, () => void (runs += 1));
    await clock.sleep(900);
    expect(runs).toBe(0);
    await clock.advance({ seconds: 3 });
    expect(runs).toBe(3);
    expect(movedMs()).toBe(3_900);
  });

  it("makes one tick of those that passed while all slept", async () => {
    const { clock } = begin();
    const ticksMs: number[] = [];
    const beganMs = clock.nowMs();
    await using _ticker = clock.every(1_000, () => void ticksMs.push(clock.nowMs() - beganMs));
    await clock.sleep(10_500);
    await clock.advance({ seconds: 2 });
    expect(ticksMs).toEqual([10_500, 11_000, 12_000]);
  });

  it("settles what a periodic task began", async () => {
    const { clock } = begin();
    const done: string[] = [];
    await using _ticker = clock.every(1_000, () =>
      clock.busy(async () => {
        await sleep(5);
        await clock.sleep(100);
        done.push("task");
      }),
    );
    await clock.advance({ seconds: 1 });
    expect(done).toEqual(["task"]);
  });

  it("forgets a sleeper that is cancelled", async () => {
    const { clock, movedMs } = begin();
    const cancel = new AbortController();
    const sleeper = clock.sleep(1_000, cancel.signal);
    cancel.abort();
    await expect(sleeper).rejects.toMatchObject({ code: "CANCELLED" });
    await clock.settled();
    expect(movedMs()).toBe(0);
  });
});
