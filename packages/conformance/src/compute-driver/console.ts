import { expect, it } from "vitest";
import { bootsTo, eachCase, extensionsOf, startToBoot, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

const mostBytes = 2 ** 20;

/** What a guest has written to its serial console. */
export function consoleSuite(open: OpenComputeSubject): void {
  it(
    "keeps what the guest wrote in this run and in earlier ones",
    eachCase(open, async (subject) => {
      const { driver, guest, reopen, skip } = subject;
      skip(!driver.capabilities.consoleLog, "the driver keeps no console");
      const reader = extensionsOf(driver, "consoleLog");
      await driver.define(guest);
      expect(await reader.consoleLog(guest.id, mostBytes)).toBe("");
      await startToBoot(subject);
      await driver.stop(guest.id, 0);
      const first = await reader.consoleLog(guest.id, mostBytes);
      expect(first.trim()).not.toBe("");

      const reopened = extensionsOf(await reopen(), "consoleLog");
      await reopened.recover();
      expect(await reopened.consoleLog(guest.id, mostBytes)).toBe(first);
      await reopened.start(guest.id);
      await bootsTo(subject, 2);
      await reopened.stop(guest.id, 0);
      const both = await reopened.consoleLog(guest.id, mostBytes);
      expect(both.startsWith(first)).toBe(true);
      expect(both.length).toBeGreaterThan(first.length);
    }),
  );

  it(
    "gives the end of it, and no more than was asked",
    eachCase(open, async (subject) => {
      const { driver, guest, skip } = subject;
      skip(!driver.capabilities.consoleLog, "the driver keeps no console");
      const reader = extensionsOf(driver, "consoleLog");
      await startToBoot(subject);
      await driver.stop(guest.id, 0);
      const whole = await reader.consoleLog(guest.id, mostBytes);
      for (const bytes of [1, 20]) {
        const end = await reader.consoleLog(guest.id, bytes);
        expect(end).not.toBe("");
        expect(Buffer.byteLength(end)).toBeLessThanOrEqual(bytes);
        expect(whole.endsWith(end)).toBe(true);
      }
    }),
  );

  it(
    "goes with the guest",
    eachCase(open, async (subject) => {
      const { driver, guest, skip } = subject;
      skip(!driver.capabilities.consoleLog, "the driver keeps no console");
      const reader = extensionsOf(driver, "consoleLog");
      await expect(reader.consoleLog(unknownGuestId, mostBytes)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      await startToBoot(subject);
      await driver.remove(guest.id);
      await driver.define(guest);
      expect(await reader.consoleLog(guest.id, mostBytes)).toBe("");
    }),
  );
}
