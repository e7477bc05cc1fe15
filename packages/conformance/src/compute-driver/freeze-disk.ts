import { access } from "node:fs/promises";
import { bytesFromGib, DiskSource } from "@cloudhost/core/ports";
import type { GuestSpec } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, stateOf, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";
import { filesOf, readPicture } from "./picture.ts";
import type { Picture } from "./picture.ts";

/** The guest's file systems lie where the base's do, so this much of a picture tells one state from another. */
const basePicture = (guest: GuestSpec): Promise<Picture> => readPicture(guest.base, Number.MAX_SAFE_INTEGER);

/** Holding a picture of the system disk while the guest goes on. */
export function freezeDiskSuite(open: OpenComputeSubject): void {
  it(
    "shows the base and nothing else before the first start",
    eachCase(open, async ({ driver, guest, ids }) => {
      const base = await basePicture(guest);
      await driver.define(guest);
      const source = await driver.freezeDisk(guest.id, ids.next("snp"));
      const picture = await readPicture(source, base.logicalBytes);
      expect(picture.head.equals(base.head)).toBe(true);
      expect(picture.logicalBytes).toBe(bytesFromGib(guest.disks[0]?.sizeGib ?? 0));
    }),
  );

  it(
    "names every file that reading it opens",
    eachCase(open, async ({ driver, guest, ids }) => {
      await driver.define(guest);
      const source = DiskSource.parse(await driver.freezeDisk(guest.id, ids.next("snp")));
      expect(source.chain).toEqual(expect.arrayContaining([...(await filesOf(source))]));
      await Promise.all(source.chain.map((file) => access(file)));
    }),
  );

  it(
    "stands still while the guest goes on",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, host, readyWithinMs } = subject;
      const { logicalBytes: headBytes } = await basePicture(guest);
      const snapshotId = ids.next("snp");
      await driver.define(guest);
      await driver.start(guest.id);
      const source = await driver.freezeDisk(guest.id, snapshotId);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
      const before = await readPicture(source, headBytes);
      await driver.stop(guest.id, 0);
      await driver.start(guest.id);
      await expect.poll(() => host.boots(guest.id), { timeout: readyWithinMs, interval: 20 }).toBeGreaterThan(0);
      expect((await readPicture(source, headBytes)).head.equals(before.head)).toBe(true);
    }),
  );

  it(
    "gives the same picture for the same snapshot, also after a restart",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, reopen } = subject;
      const { logicalBytes: headBytes } = await basePicture(guest);
      const snapshotId = ids.next("snp");
      await driver.define(guest);
      await driver.start(guest.id);
      const source = await driver.freezeDisk(guest.id, snapshotId);
      const { head } = await readPicture(source, headBytes);
      expect(await driver.freezeDisk(guest.id, snapshotId)).toEqual(source);
      const reopened = await reopen();
      await reopened.recover();
      const again = await reopened.freezeDisk(guest.id, snapshotId);
      expect((await readPicture(again, headBytes)).head.equals(head)).toBe(true);
    }),
  );

  it(
    "holds several pictures, each until its own release",
    eachCase(open, async ({ driver, guest, ids }) => {
      const { logicalBytes: headBytes } = await basePicture(guest);
      const [first, second] = [ids.next("snp"), ids.next("snp")];
      await driver.define(guest);
      await driver.start(guest.id);
      await driver.freezeDisk(guest.id, first);
      const held = await driver.freezeDisk(guest.id, second);
      const { head } = await readPicture(held, headBytes);
      await driver.releaseDisk(guest.id, first);
      await driver.releaseDisk(guest.id, first);
      expect((await readPicture(held, headBytes)).head.equals(head)).toBe(true);
      await driver.releaseDisk(guest.id, second);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "leaves as much on the host after the release as before",
    eachCase(open, async ({ driver, guest, ids, host }) => {
      const snapshotId = ids.next("snp");
      await driver.define(guest);
      const before = await host.leftovers(guest.id);
      await driver.freezeDisk(guest.id, snapshotId);
      await driver.releaseDisk(guest.id, snapshotId);
      await driver.releaseDisk(guest.id, ids.next("snp"));
      expect(await host.leftovers(guest.id)).toHaveLength(before.length);
    }),
  );

  it(
    "refuses a guest that it does not know, and has released its disks",
    eachCase(open, async ({ driver, ids }) => {
      const snapshotId = ids.next("snp");
      await expect(driver.freezeDisk(unknownGuestId, snapshotId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      await driver.releaseDisk(unknownGuestId, snapshotId);
      expect(await driver.get(unknownGuestId)).toBeUndefined();
    }),
  );
}
