import { expect, it } from "vitest";
import { eachCase, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Long enough for a request to be passed on, short enough for a guest that does not listen. */
const shortGraceMs = 200;

/** Stopping a guest, by asking its OS first or by cutting the power. */
export function stopSuite(open: OpenComputeSubject): void {
  it(
    "cuts the power, and may be repeated",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await driver.stop(guest.id, 0);
      expect(await stateOf(driver, guest)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
      await driver.stop(guest.id, 0);
      await driver.stop(guest.id, shortGraceMs);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "has the guest stopped when the grace is over",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await driver.stop(guest.id, shortGraceMs);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "lets it start again",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await driver.stop(guest.id, 0);
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "refuses a guest that it does not know",
    eachCase(open, async ({ driver }) => {
      await expect(driver.stop(unknownGuestId, 0)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND", retryable: false });
    }),
  );
}
