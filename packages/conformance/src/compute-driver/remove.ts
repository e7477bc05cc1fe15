import { readFile } from "node:fs/promises";
import type { GuestDisk } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

const ephemeral: GuestDisk = { kind: "ephemeral", sizeGib: 1 };

/** Removing a guest with everything of it. */
export function removeSuite(open: OpenComputeSubject): void {
  it(
    "leaves nothing of a running guest, its disks and pictures included",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, host } = subject;
      const base = await readFile(guest.base.path);
      await driver.define({ ...guest, disks: [...guest.disks, ephemeral] });
      await driver.start(guest.id);
      await driver.freezeDisk(guest.id, ids.next("snp"));
      expect(await host.leftovers(guest.id)).not.toEqual([]);

      await driver.remove(guest.id);
      expect(await stateOf(driver, guest)).toBeUndefined();
      expect(await listed(driver)).toEqual([]);
      expect(await host.leftovers(guest.id)).toEqual([]);
      // The base is everybody's.
      expect((await readFile(guest.base.path)).equals(base)).toBe(true);
    }),
  );

  it(
    "may be repeated, and of an unknown guest nothing is left to remove",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.remove(guest.id);
      await driver.remove(guest.id);
      await driver.remove(unknownGuestId);
      expect(await stateOf(driver, guest)).toBeUndefined();
    }),
  );

  it(
    "lets the guest be defined anew, from its base",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      await driver.start(guest.id);
      await driver.remove(guest.id);
      await driver.define(guest);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "stopped" });
    }),
  );
}
