import type { GuestSpec } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { bootsTo, eachCase, stateOf } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";
import { readPicture } from "./picture.ts";

/** The guest's own image may rescue it too: what counts is that it boots from a disk of its own. */
const rescued = (guest: GuestSpec): GuestSpec => {
  const { base, boot } = guest;
  return { ...guest, rescue: boot === undefined ? { base } : { base, boot } };
};

/** Booting a guest from another image, on a disk that is thrown away. */
export function rescueSuite(open: OpenComputeSubject): void {
  it(
    "boots beside the guest's own disks, and leaves them as they were",
    eachCase(open, async (subject) => {
      const { driver, guest, host, ids, reopen, skip } = subject;
      skip(!driver.capabilities.rescue, "the driver cannot boot from another image");
      const picture = async (from = driver): Promise<Buffer> => {
        const snapshotId = ids.next("snp");
        const source = await from.freezeDisk(guest.id, snapshotId);
        const { head } = await readPicture(source, (await readPicture(guest.base, 0)).logicalBytes);
        await from.releaseDisk(guest.id, snapshotId);
        return head;
      };
      await driver.define(guest);
      await host.writeDisk(guest.id, "system", "mine");
      const before = await host.leftovers(guest.id);
      const disk = await picture();

      await driver.define(rescued(guest));
      const ownDisk = (await host.leftovers(guest.id)).filter((name) => !before.includes(name));
      expect(ownDisk).not.toEqual([]);
      await driver.start(guest.id);
      await bootsTo(subject, 1);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      await expect(driver.define(guest)).rejects.toMatchObject({ code: "CONFLICT" });
      const reopened = await reopen();
      await reopened.recover();
      await reopened.stop(guest.id, 0);
      await reopened.define(guest);
      expect((await host.leftovers(guest.id)).filter((name) => ownDisk.includes(name))).toEqual([]);
      expect((await host.disks(guest.id)).get("system")?.text).toBe("mine");
      expect((await picture(reopened)).equals(disk)).toBe(true);
    }),
  );

  it(
    "leaves nothing of a guest that is removed while it is rescued",
    eachCase(open, async ({ driver, guest, host, skip }) => {
      skip(!driver.capabilities.rescue, "the driver cannot boot from another image");
      await driver.define(rescued(guest));
      await driver.start(guest.id);
      await driver.remove(guest.id);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );

  it(
    "is refused by a driver that cannot, and changes nothing",
    eachCase(open, async ({ driver, guest, skip }) => {
      skip(driver.capabilities.rescue, "the driver can boot from another image");
      await expect(driver.define(rescued(guest))).rejects.toMatchObject({ code: "UNSUPPORTED" });
      expect(await stateOf(driver, guest)).toBeUndefined();
    }),
  );
}
