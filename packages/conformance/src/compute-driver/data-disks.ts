import { bytesFromGib } from "@cloudhost/core/ports";
import type { GuestDisk } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, stateOf } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

const dataDisk = (id: string, sizeGib: number): Extract<GuestDisk, { kind: "data" }> => ({ kind: "data", id, sizeGib });

/** Disks that come and go while the guest is stopped. */
export function dataDisksSuite(open: OpenComputeSubject): void {
  it(
    "come with a define, keep what is on them, and grow",
    eachCase(open, async ({ driver, guest, host, ids }) => {
      const [first, second] = [ids.next("dsk"), ids.next("dsk")];
      await driver.define({ ...guest, disks: [...guest.disks, dataDisk(first, 1)] });
      await host.writeDisk(guest.id, "system", "on the system disk");
      await host.writeDisk(guest.id, first, "on the first");
      const larger = { ...guest, disks: [...guest.disks, dataDisk(first, 2), dataDisk(second, 1)] };
      await driver.define(larger);
      await driver.define(larger);
      const disks = await host.disks(guest.id);
      expect(disks.get("system")?.text).toBe("on the system disk");
      expect(disks.get(first)).toEqual({ sizeBytes: bytesFromGib(2), text: "on the first" });
      expect(disks.get(second)).toEqual({ sizeBytes: bytesFromGib(1), text: "" });
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "go with a define, and come back empty",
    eachCase(open, async ({ driver, guest, host, ids }) => {
      const [first, second] = [ids.next("dsk"), ids.next("dsk")];
      const both = { ...guest, disks: [...guest.disks, dataDisk(first, 1), dataDisk(second, 1)] };
      await driver.define(both);
      await host.writeDisk(guest.id, first, "on the first");
      await host.writeDisk(guest.id, second, "on the second");
      await driver.define({ ...guest, disks: [...guest.disks, dataDisk(second, 1)] });
      const left = await host.disks(guest.id);
      expect([...left.keys()].toSorted()).toEqual([second, "system"].toSorted());
      expect(left.get(second)?.text).toBe("on the second");
      await driver.define(both);
      expect((await host.disks(guest.id)).get(first)?.text).toBe("");
    }),
  );

  it(
    "stay on the host with all that is on them while they are detached",
    eachCase(open, async ({ driver, guest, host, ids }) => {
      const disk = dataDisk(ids.next("dsk"), 1);
      const attached = { ...guest, disks: [...guest.disks, disk] };
      const detached = { ...guest, disks: [...guest.disks, { ...disk, detached: true as const }] };
      await driver.define(attached);
      await host.writeDisk(guest.id, disk.id, "on it");
      await driver.define(detached);
      expect((await host.disks(guest.id)).get(disk.id)?.text).toBe("on it");
      await driver.start(guest.id);
      await driver.stop(guest.id, 0);
      await driver.define(attached);
      expect((await host.disks(guest.id)).get(disk.id)?.text).toBe("on it");
      await driver.define(detached);
      await driver.define(guest);
      expect([...(await host.disks(guest.id)).keys()]).toEqual(["system"]);
    }),
  );

  it(
    "never shrink, and so does no other disk",
    eachCase(open, async ({ driver, guest, host, ids }) => {
      const id = ids.next("dsk");
      const large = { ...guest, disks: [...guest.disks.map(larger), dataDisk(id, 2)] };
      await driver.define(large);
      await host.writeDisk(guest.id, id, "at its end");
      for (const disks of [
        [...large.disks.slice(0, -1), dataDisk(id, 1)],
        [...guest.disks, dataDisk(id, 2)],
      ]) {
        await expect(driver.define({ ...large, disks })).rejects.toMatchObject({ code: "CONFLICT" });
      }
      expect((await host.disks(guest.id)).get(id)).toEqual({ sizeBytes: bytesFromGib(2), text: "at its end" });
    }),
  );
}

const larger = (disk: GuestDisk): GuestDisk => ({ ...disk, sizeGib: disk.sizeGib + 1 });
