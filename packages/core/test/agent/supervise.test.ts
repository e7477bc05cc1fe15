import { describe, expect, it } from "vitest";
import { late } from "../../src/clock/within.ts";
import { supervise } from "../../src/agent/supervise.ts";
import { CloudHostError, VirtualClock } from "../../src/ports/index.ts";

const limit = { timeoutMs: 10_000, what: "compute.start" };
const cancelled = new CloudHostError("CANCELLED", "Cancelled.", { what: "compute.start" });

function begin(): { clock: VirtualClock; abort: AbortController; movedMs: () => number } {
  const clock = new VirtualClock();
  const beganMs = clock.nowMs();
  return { clock, abort: new AbortController(), movedMs: () => clock.nowMs() - beganMs };
}

describe("supervise", () => {
  it("gives what the call returned", async () => {
    const { clock, abort } = begin();
    const { outcome } = await supervise(clock, abort, limit, async () => "done");
    expect(outcome).toEqual({ succeeded: true, result: "done" });
    expect(abort.signal.aborted).toBe(false);
  });

  it("gives what the call threw, as one of ours", async () => {
    const { clock, abort } = begin();
    const { outcome } = await supervise(clock, abort, limit, () => Promise.reject(new Error("broken")));
    expect(outcome).toMatchObject({ succeeded: false, error: { code: "INTERNAL", message: "broken" } });
  });

  it("stops a call whose time is up", async () => {
    const { clock, abort, movedMs } = begin();
    const { outcome } = await supervise(clock, abort, limit, (signal) => clock.sleep(60_000, signal));
    expect(outcome).toMatchObject({ succeeded: false, error: { code: "DEADLINE_EXCEEDED", details: limit } });
    expect(movedMs()).toBe(10_000);
  });

  it("stops a call that is cancelled, and ends with the reason", async () => {
    const { clock, abort } = begin();
    const ended = supervise(clock, abort, limit, (signal) => {
      abort.abort(cancelled);
      return clock.sleep(60_000, signal);
    });
    expect((await ended).outcome).toEqual({ succeeded: false, error: cancelled });
  });

  it("takes for done what was done all the same, a moment later", async () => {
    const { clock, abort } = begin();
    const { outcome } = await supervise(clock, abort, limit, async () => {
      await clock.sleep(12_000);
      return "done";
    });
    expect(outcome).toEqual({ succeeded: true, result: "done" });
  });

  it("waits no longer than a moment for a call that does not stop, and tells when it has", async () => {
    const { clock, abort, movedMs } = begin();
    const { outcome, settled } = await supervise(clock, abort, limit, () => clock.sleep(30_000));
    expect(outcome).toMatchObject({ succeeded: false, error: { code: "DEADLINE_EXCEEDED" } });
    expect(movedMs()).toBe(15_000);
    await settled();
    expect(movedMs()).toBe(30_000);
  });

  it("does not wait for good for a call that never stops", async () => {
    const { clock, abort, movedMs } = begin();
    const never = (): Promise<never> => clock.waiting(new Promise<never>(() => {}));
    const { settled } = await supervise(clock, abort, limit, never);
    expect(await settled()).toBe(late);
    expect(movedMs()).toBe(75_000);
  });
});
