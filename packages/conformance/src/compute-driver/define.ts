import { isCloudHostError } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, stateOf, withMemory } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Making a guest exist as specified, without starting it. */
export function defineSuite(open: OpenComputeSubject): void {
  it(
    "takes a seed, the same again, and leaves nothing of it",
    eachCase(open, async ({ driver, guest, host }) => {
      const seeded = { ...guest, seed: { hostname: "web-1", publicKeys: [], userData: "ZWNobw==" } };
      await driver.define(seeded);
      await driver.start(guest.id);
      await driver.define(seeded);
      const other = { ...seeded, seed: { ...seeded.seed, userData: "b3RoZXI=" } };
      await expect(driver.define(other)).rejects.toMatchObject({ code: "CONFLICT" });
      await driver.remove(guest.id);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );

  it(
    "makes a guest that is stopped",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      expect(await stateOf(driver, guest)).toEqual({ id: guest.id, power: "stopped", ready: "unknown" });
    }),
  );

  it(
    "may be repeated",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.define(structuredClone(guest));
      expect(await listed(driver)).toMatchObject([{ id: guest.id }]);
    }),
  );

  it(
    "changes a stopped guest",
    eachCase(open, async ({ driver, guest }) => {
      const larger = withMemory(guest, guest.memoryMib + 16);
      await driver.define(guest);
      await driver.define(larger);
      await driver.start(guest.id);
      // That it runs as the new specification says, a repeat of both tells.
      await driver.define(larger);
      await expect(driver.define(guest)).rejects.toMatchObject({ code: "CONFLICT" });
    }),
  );

  it(
    "leaves a running guest alone",
    eachCase(open, async ({ driver, guest, host, readyWithinMs }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await expect.poll(() => host.boots(guest.id), { timeout: readyWithinMs, interval: 20 }).toBe(1);
      await driver.define(guest);
      await expect(driver.define(withMemory(guest, guest.memoryMib + 16))).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      expect(await host.boots(guest.id)).toBe(1);
    }),
  );

  it(
    "takes any name",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define({ ...guest, name: `</name>&amp;"'$(id);\`id\` ../../x %s é` });
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );

  it(
    "refuses a base that is not there, and leaves nothing",
    eachCase(open, async ({ driver, guest, host }) => {
      const base = { ...guest.base, path: `${guest.base.path}.missing` };
      const refusal: unknown = await driver.define({ ...guest, base }).catch((error: unknown) => error);
      expect(isCloudHostError(refusal)).toBe(true);
      expect(await stateOf(driver, guest)).toBeUndefined();
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );
}
