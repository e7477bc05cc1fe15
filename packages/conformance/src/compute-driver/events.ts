import { GuestState, isCloudHostError } from "@cloudhost/core/ports";
import type { ComputeDriver } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Changes as they happen. Single ones may be lost, so the tests make several and wait for any. */
export function eventsSuite(open: OpenComputeSubject): void {
  it(
    "tells of changes, and ends with its signal",
    eachCase(open, async ({ driver, guest, readyWithinMs }) => {
      const ended = new AbortController();
      const seen: GuestState[] = [];
      await driver.define(guest);
      const collecting = collect(driver, seen, ended.signal);
      await driver.start(guest.id);
      await driver.stop(guest.id, 0);
      await driver.start(guest.id);
      await expect
        .poll(() => seen.map(({ id, power }) => ({ id, power })), { timeout: readyWithinMs, interval: 20 })
        .toContainEqual({ id: guest.id, power: "running" });
      for (const state of seen) expect(GuestState.safeParse(state).success).toBe(true);
      ended.abort();
      await collecting;
    }),
  );

  it(
    "serves several listeners",
    eachCase(open, async ({ driver, guest, readyWithinMs }) => {
      const ended = new AbortController();
      const seen: [GuestState[], GuestState[]] = [[], []];
      await driver.define(guest);
      const collecting = seen.map((states) => collect(driver, states, ended.signal));
      await driver.start(guest.id);
      await driver.stop(guest.id, 0);
      for (const states of seen) {
        await expect.poll(() => states.length, { timeout: readyWithinMs, interval: 20 }).toBeGreaterThan(0);
      }
      ended.abort();
      await Promise.all(collecting);
    }),
  );
}

/** A signal ends the iteration either way: it returns, or throws `CANCELLED`. */
async function collect(driver: ComputeDriver, seen: GuestState[], signal: AbortSignal): Promise<void> {
  try {
    for await (const state of driver.events(signal)) seen.push(state);
  } catch (error) {
    if (!isCloudHostError(error, "CANCELLED")) throw error;
  }
}
