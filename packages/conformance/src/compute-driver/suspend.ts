import { expect, it } from "vitest";
import { bootsTo, eachCase, extensionsOf, startToBoot, stateOf, unknownGuestId, withMemory } from "./case.ts";
import type { ComputeCase, OpenComputeSubject } from "./case.ts";

/** Putting a guest's memory on the host's disk, and all else that may then be asked of it. */
export function suspendSuite(open: OpenComputeSubject): void {
  const suspended = (run: (subject: ComputeCase) => Promise<void>): ReturnType<typeof eachCase> =>
    eachCase(open, async (subject) => {
      const { driver, guest, skip } = subject;
      skip(!driver.capabilities.suspend, "the driver cannot suspend");
      await startToBoot(subject);
      await extensionsOf(driver, "suspend").suspend(guest.id);
      await run(subject);
    });

  it(
    "gives its power up, and a start lets it go on where it was",
    suspended(async (subject) => {
      const { driver, guest, host, clock } = subject;
      await extensionsOf(driver, "suspend").suspend(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "suspended" });
      const startedAtMs = clock.nowMs();
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      // A second boot, were there one, would show by now.
      await clock.sleep(2 * (clock.nowMs() - startedAtMs) + 20);
      expect(await host.boots(guest.id)).toBe(1);
    }),
  );

  it(
    "refuses a guest that does not run, and one that it does not know",
    eachCase(open, async ({ driver, guest, skip }) => {
      skip(!driver.capabilities.suspend, "the driver cannot suspend");
      const suspender = extensionsOf(driver, "suspend");
      await driver.define(guest);
      await expect(suspender.suspend(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
      await expect(suspender.suspend(unknownGuestId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
    }),
  );

  it(
    "leaves it suspended over an agent's restart, a picture of its disk and a define",
    suspended(async (subject) => {
      const { guest, host, ids, reopen } = subject;
      const reopened = await reopen();
      await reopened.recover();
      await reopened.define(guest);
      // Its memory would not fit.
      await expect(reopened.define(withMemory(guest, guest.memoryMib + 16))).rejects.toMatchObject({
        code: "CONFLICT",
      });
      await reopened.freezeDisk(guest.id, ids.next("snp"));
      expect(await stateOf(reopened, guest)).toMatchObject({ power: "suspended" });
      await reopened.start(guest.id);
      expect(await host.boots(guest.id)).toBe(1);
    }),
  );

  it(
    "throws the memory away when it is stopped",
    suspended(async (subject) => {
      const { driver, guest } = subject;
      await driver.stop(guest.id, 200);
      expect(await stateOf(driver, guest)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
      await driver.start(guest.id);
      await bootsTo(subject, 2);
    }),
  );

  it(
    "boots anew when it is rebooted",
    suspended(async (subject) => {
      const { driver, guest, ids } = subject;
      await driver.reboot(guest.id, ids.next("cmd"), 200);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await bootsTo(subject, 2);
    }),
  );

  it(
    "is neither paused nor let go on by an unpause",
    suspended(async ({ driver, guest, skip }) => {
      skip(!driver.capabilities.pause, "the driver cannot pause");
      const pauser = extensionsOf(driver, "pause");
      await expect(pauser.pause(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(pauser.unpause(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await stateOf(driver, guest)).toMatchObject({ power: "suspended" });
    }),
  );

  it(
    "can be removed",
    suspended(async ({ driver, guest, host }) => {
      await driver.remove(guest.id);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );
}
