import { isCloudHostError } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, stateOf } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Signals: a call that is cancelled may be half done, and a repeat ends it. */
export function cancelSuite(open: OpenComputeSubject): void {
  it(
    "does nothing when the signal has fired already",
    eachCase(open, async ({ driver, guest, ids }) => {
      const fired = AbortSignal.abort();
      const cancelled = { code: "CANCELLED" };
      await expect(driver.inventory(fired)).rejects.toMatchObject(cancelled);
      await expect(driver.recover(fired)).rejects.toMatchObject(cancelled);
      await expect(driver.define(guest, fired)).rejects.toMatchObject(cancelled);
      expect(await stateOf(driver, guest)).toBeUndefined();

      await driver.define(guest);
      await expect(driver.start(guest.id, fired)).rejects.toMatchObject(cancelled);
      await expect(driver.stop(guest.id, 0, fired)).rejects.toMatchObject(cancelled);
      await expect(driver.reboot(guest.id, ids.next("cmd"), 0, fired)).rejects.toMatchObject(cancelled);
      await expect(driver.freezeDisk(guest.id, ids.next("snp"), fired)).rejects.toMatchObject(cancelled);
      await expect(driver.remove(guest.id, fired)).rejects.toMatchObject(cancelled);
      await expect(driver.get(guest.id, fired)).rejects.toMatchObject(cancelled);
      await expect(listed(driver, fired)).rejects.toMatchObject(cancelled);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "does nothing of what is optional either",
    eachCase(open, async ({ driver, guest, ids }) => {
      const fired = AbortSignal.abort();
      await driver.define(guest);
      const calls = [
        driver.pause?.(guest.id, fired),
        driver.unpause?.(guest.id, fired),
        driver.suspend?.(guest.id, fired),
        driver.change?.(guest, fired),
        driver.layers?.(guest.id, fired),
        driver.putLayer?.(guest.id, "system", guest.base, fired),
        driver.keepDisks?.(guest.id, ids.next("snp"), fired),
        driver.restoreDisks?.(guest.id, ids.next("snp"), fired),
        driver.consoleLog?.(guest.id, 1, fired),
      ];
      const outcomes = await Promise.allSettled(calls.filter((call) => call !== undefined));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
      }
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "stops waiting for a guest's OS",
    eachCase(open, async ({ driver, guest }) => {
      const cancel = new AbortController();
      await driver.define(guest);
      await driver.start(guest.id);
      // A guest that happens to obey at once is stopped; one that does not must not hold the caller for the hour.
      const stopping = driver.stop(guest.id, 3_600_000, cancel.signal);
      setImmediate(() => cancel.abort());
      const outcome: unknown = await stopping.catch((error: unknown) => error);
      expect(outcome === undefined || isCloudHostError(outcome, "CANCELLED")).toBe(true);
      await driver.stop(guest.id, 0);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );
}
