import { expect, it } from "vitest";
import { eachCase, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Restarting a guest's OS, once for each command. */
export function rebootSuite(open: OpenComputeSubject): void {
  it(
    "reboots once for one command, however often it is repeated",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, host, clock, readyWithinMs, reopen } = subject;
      const boots = (): Promise<number> => host.boots(guest.id);
      const commandId = ids.next("cmd");
      await driver.define(guest);
      await driver.start(guest.id);
      await expect.poll(boots, { timeout: readyWithinMs, interval: 20 }).toBe(1);

      const askedAtMs = clock.nowMs();
      await driver.reboot(guest.id, commandId, 0);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await expect.poll(boots, { timeout: readyWithinMs, interval: 20 }).toBe(2);
      const bootMs = clock.nowMs() - askedAtMs;

      await driver.reboot(guest.id, commandId, 0);
      const reopened = await reopen();
      await reopened.recover();
      await reopened.reboot(guest.id, commandId, 0);
      // A third boot, were there one, would show by now.
      await clock.sleep(2 * bootMs + 20);
      expect(await boots()).toBe(2);

      await reopened.reboot(guest.id, ids.next("cmd"), 0);
      await expect.poll(boots, { timeout: readyWithinMs, interval: 20 }).toBe(3);
    }),
  );

  it(
    "gives the power back when the grace is over",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, host, readyWithinMs } = subject;
      const boots = (): Promise<number> => host.boots(guest.id);
      await driver.define(guest);
      await driver.start(guest.id);
      await expect.poll(boots, { timeout: readyWithinMs, interval: 20 }).toBe(1);
      await driver.reboot(guest.id, ids.next("cmd"), 200);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await expect.poll(boots, { timeout: readyWithinMs, interval: 20 }).toBe(2);
    }),
  );

  it(
    "starts a guest that is stopped",
    eachCase(open, async ({ driver, guest, ids }) => {
      await driver.define(guest);
      await driver.reboot(guest.id, ids.next("cmd"), 0);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "refuses a guest that it does not know",
    eachCase(open, async ({ driver, ids }) => {
      await expect(driver.reboot(unknownGuestId, ids.next("cmd"), 0)).rejects.toMatchObject({
        code: "GUEST_NOT_FOUND",
      });
    }),
  );
}
