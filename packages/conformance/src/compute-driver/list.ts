import { GuestState } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** The truth of a host's guests. */
export function listSuite(open: OpenComputeSubject): void {
  it(
    "has each guest once, as get tells it",
    eachCase(open, async ({ driver, guest }) => {
      await driver.define(guest);
      const states = await listed(driver);
      expect(states).toEqual([await driver.get(guest.id)]);
      expect(GuestState.parse(states[0])).toMatchObject({ id: guest.id });
    }),
  );

  it(
    "has every guest of this host",
    eachCase(open, async ({ driver, guest, ids }) => {
      // Without an interface: the first guest has it.
      const second = { ...guest, id: ids.next("srv"), nics: [] };
      await driver.define(guest);
      try {
        await driver.define(second);
        const found = (await listed(driver)).map(({ id }) => id);
        expect(found.toSorted()).toEqual([guest.id, second.id].toSorted());
      } finally {
        await driver.remove(second.id);
      }
      expect(await listed(driver)).toMatchObject([{ id: guest.id }]);
    }),
  );

  it(
    "knows no other guest",
    eachCase(open, async ({ driver }) => {
      expect(await driver.get(unknownGuestId)).toBeUndefined();
      expect(await listed(driver)).toEqual([]);
    }),
  );
}
