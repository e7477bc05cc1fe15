import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { clockHeartbeats, heartbeatThread } from "../../src/agent/index.ts";
import { VirtualClock } from "../../src/ports/index.ts";

/** 1, 2, 3, … */
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("heartbeatThread", () => {
  it("beats in time, numbered, and stops", async () => {
    await using heartbeats = heartbeatThread();
    const beats: number[] = [];
    const heart = heartbeats.start(10, (sequence) => beats.push(sequence));
    await expect.poll(() => beats.length).toBeGreaterThan(5);
    await heart[Symbol.asyncDispose]();
    const count = beats.length;
    await sleep(50);
    expect(beats).toEqual(upTo(count));
  });

  it("beats for many, each at its pace", async () => {
    await using heartbeats = heartbeatThread();
    const quick: number[] = [];
    const slow: number[] = [];
    await using _quick = heartbeats.start(5, (sequence) => quick.push(sequence));
    await using _slow = heartbeats.start(50, (sequence) => slow.push(sequence));
    await expect.poll(() => slow.length).toBeGreaterThan(2);
    expect(quick.length).toBeGreaterThan(2 * slow.length);
  });

  it("misses no beat while the main thread is blocked for five seconds", async () => {
    await using heartbeats = heartbeatThread();
    const beats: number[] = [];
    await using _heart = heartbeats.start(100, (sequence) => beats.push(sequence));
    await expect.poll(() => beats.length).toBeGreaterThan(0);
    const before = beats.length;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
    await expect.poll(() => beats.length).toBeGreaterThanOrEqual(before + 45);
    expect(beats).toEqual(upTo(beats.length));
  });
});

describe("clockHeartbeats", () => {
  it("beats when its clock is moved", async () => {
    const clock = new VirtualClock();
    const beats: number[] = [];
    await using _heart = clockHeartbeats(clock).start(2_000, (sequence) => beats.push(sequence));
    expect(beats).toEqual([]);
    await clock.advance({ seconds: 7 });
    expect(beats).toEqual([1, 2, 3]);
  });
});
