import { expect, it } from "vitest";
import { eachCase, stateOf } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** The agent's restart: guests do not notice it. */
export function recoverSuite(open: OpenComputeSubject): void {
  it(
    "finds its guests again as they were",
    eachCase(open, async ({ driver, guest, host, readyWithinMs, reopen }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await expect.poll(() => host.boots(guest.id), { timeout: readyWithinMs, interval: 20 }).toBe(1);

      const reopened = await reopen();
      await reopened.recover();
      expect(await stateOf(reopened, guest)).toMatchObject({ power: "running" });
      await reopened.define(guest);
      await reopened.start(guest.id);
      expect(await host.boots(guest.id)).toBe(1);
      await reopened.stop(guest.id, 0);
      expect(await stateOf(reopened, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "may be repeated, and changes nothing that is whole",
    eachCase(open, async ({ driver, guest, host, ids }) => {
      await driver.recover();
      await driver.define(guest);
      const source = await driver.freezeDisk(guest.id, ids.next("snp"));
      const before = await host.leftovers(guest.id);
      await driver.recover();
      await driver.recover();
      expect(await host.leftovers(guest.id)).toEqual(before);
      expect(source.chain).not.toEqual([]);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "goes on telling when the guest's OS has booted",
    eachCase(open, async (subject) => {
      const { driver, guest, readyWithinMs, reopen, skip } = subject;
      skip(!driver.capabilities.guestReady, "the driver cannot tell");
      await driver.define(guest);
      await driver.start(guest.id);
      const reopened = await reopen();
      await reopened.recover();
      await expect
        .poll(() => stateOf(reopened, guest), { timeout: readyWithinMs, interval: 20 })
        .toMatchObject({ ready: "ready" });
    }),
  );
}
