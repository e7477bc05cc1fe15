import { expect, it } from "vitest";
import { eachCase, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/**
 * Starting a guest: what every hypervisor must do alike. Each case opens a subject of its own, takes a guest that no
 * other case has, and disposes of both. Capabilities are asked inside the case: they are known once it is open.
 */
export function startSuite(open: OpenComputeSubject): void {
  it(
    "runs a defined guest",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "may be repeated, as after a crash",
    eachCase(open, async ({ driver, guest, host, readyWithinMs }) => {
      await driver.define(guest);
      await Promise.all([driver.start(guest.id), driver.start(guest.id)]);
      await driver.define(guest);
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await expect.poll(() => host.boots(guest.id), { timeout: readyWithinMs, interval: 20 }).toBe(1);
    }),
  );

  it(
    "refuses a guest that it does not know",
    eachCase(open, async ({ driver }) => {
      await expect(driver.start(unknownGuestId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND", retryable: false });
    }),
  );

  it(
    "tells when the guest's OS has booted",
    eachCase(open, async ({ driver, guest, readyWithinMs, skip }) => {
      skip(!driver.capabilities.guestReady, "the driver cannot tell");
      await driver.define(guest);
      await driver.start(guest.id);
      await expect
        .poll(() => stateOf(driver, guest), { timeout: readyWithinMs, interval: 20 })
        .toMatchObject({ ready: "ready" });
      await driver.stop(guest.id, 0);
      expect(await stateOf(driver, guest)).toMatchObject({ ready: "unknown" });
    }),
  );

  it(
    "guesses nothing from the power state",
    eachCase(open, async ({ driver, guest, skip }) => {
      skip(driver.capabilities.guestReady, "the driver can tell when the guest's OS has booted");
      await driver.define(guest);
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running", ready: "unknown" });
    }),
  );
}
