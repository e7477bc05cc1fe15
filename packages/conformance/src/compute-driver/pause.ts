import { expect, it } from "vitest";
import { bootsTo, eachCase, extensionsOf, startToBoot, stateOf, unknownGuestId, withMemory } from "./case.ts";
import type { ComputeCase, OpenComputeSubject } from "./case.ts";

/** Halting a guest's vCPUs, and all else that may then be asked of it. */
export function pauseSuite(open: OpenComputeSubject): void {
  const paused = (run: (subject: ComputeCase) => Promise<void>): ReturnType<typeof eachCase> =>
    eachCase(open, async (subject) => {
      const { driver, guest, skip } = subject;
      skip(!driver.capabilities.pause, "the driver cannot pause");
      await startToBoot(subject);
      await extensionsOf(driver, "pause").pause(guest.id);
      await run(subject);
    });

  it(
    "halts a running guest, and lets it go on",
    paused(async ({ driver, guest, host }) => {
      const pauser = extensionsOf(driver, "pause");
      await pauser.pause(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "paused" });
      await pauser.unpause(guest.id);
      await pauser.unpause(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      expect(await host.boots(guest.id)).toBe(1);
    }),
  );

  it(
    "refuses a guest that does not run, and one that it does not know",
    eachCase(open, async ({ driver, guest, skip }) => {
      skip(!driver.capabilities.pause, "the driver cannot pause");
      const pauser = extensionsOf(driver, "pause");
      await driver.define(guest);
      await expect(pauser.pause(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(pauser.unpause(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
      await expect(pauser.pause(unknownGuestId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      await expect(pauser.unpause(unknownGuestId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
    }),
  );

  it(
    "leaves it paused over an agent's restart, a picture of its disk and a define",
    paused(async ({ guest, host, ids, reopen }) => {
      const reopened = await reopen();
      await reopened.recover();
      await reopened.define(guest);
      await expect(reopened.define(withMemory(guest, guest.memoryMib + 16))).rejects.toMatchObject({
        code: "CONFLICT",
      });
      await reopened.freezeDisk(guest.id, ids.next("snp"));
      expect(await stateOf(reopened, guest)).toMatchObject({ power: "paused" });
      expect(await host.boots(guest.id)).toBe(1);
    }),
  );

  it(
    "can be stopped",
    paused(async (subject) => {
      const { driver, guest } = subject;
      await driver.stop(guest.id, 200);
      expect(await stateOf(driver, guest)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
      await driver.start(guest.id);
      await bootsTo(subject, 2);
    }),
  );

  it(
    "goes on when it is started, and boots anew when it is rebooted",
    paused(async (subject) => {
      const { driver, guest, host, ids } = subject;
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      expect(await host.boots(guest.id)).toBe(1);
      await extensionsOf(driver, "pause").pause(guest.id);
      await driver.reboot(guest.id, ids.next("cmd"), 200);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await bootsTo(subject, 2);
    }),
  );

  it(
    "can be removed",
    paused(async ({ driver, guest, host }) => {
      await driver.remove(guest.id);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );
}
