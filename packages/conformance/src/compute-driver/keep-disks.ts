import { bytesFromGib } from "@cloudhost/core/ports";
import type { GuestDisk } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, extensionsOf, startToBoot, unknownGuestId } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

const why = "the driver cannot keep disks";

/** Keeping a stopped guest's disks beside it, to go back to. */
export function keepDisksSuite(open: OpenComputeSubject): void {
  it(
    "gives back what was kept, sizes included, and keeps it on",
    eachCase(open, async ({ driver, guest, host, ids, reopen, skip }) => {
      skip(!driver.capabilities.keepDisks, why);
      const [disk, keepId] = [ids.next("dsk"), ids.next("snp")];
      const data: GuestDisk = { kind: "data", id: disk, sizeGib: 1 };
      const before = { ...guest, disks: [...guest.disks, data] };
      await driver.define(before);
      const kept = await host.disks(guest.id);
      await host.writeDisk(guest.id, "system", "kept");
      await host.writeDisk(guest.id, disk, "kept too");
      await extensionsOf(driver, "keepDisks").keepDisks(guest.id, keepId);

      for (const text of ["once", "twice"]) {
        const { sizeGib = 1 } = guest.disks.find(({ kind }) => kind === "system") ?? {};
        const grown = guest.disks.map((each) => (each.kind === "system" ? { ...each, sizeGib: sizeGib + 1 } : each));
        await driver.define({ ...before, disks: [...grown, { ...data, sizeGib: 2 }] });
        await host.writeDisk(guest.id, "system", `written ${text}`);
        await host.writeDisk(guest.id, disk, `written ${text}`);
        // The same id again keeps what was kept first.
        const keeper = extensionsOf(await reopen(), "keepDisks");
        await keeper.recover();
        await keeper.keepDisks(guest.id, keepId);
        await keeper.restoreDisks(guest.id, keepId);
        await keeper.restoreDisks(guest.id, keepId);
        await keeper.define(before);
        const disks = await host.disks(guest.id);
        expect(disks.get("system")).toEqual({ sizeBytes: kept.get("system")?.sizeBytes, text: "kept" });
        expect(disks.get(disk)).toEqual({ sizeBytes: bytesFromGib(1), text: "kept too" });
        driver = keeper;
      }
    }),
  );

  it(
    "brings back a system disk of another base, and a data disk that was deleted",
    eachCase(open, async ({ driver, guest, host, ids, skip }) => {
      skip(!driver.capabilities.keepDisks, why);
      const keeper = extensionsOf(driver, "keepDisks");
      const [disk, keepId] = [ids.next("dsk"), ids.next("snp")];
      const before: typeof guest = { ...guest, disks: [...guest.disks, { kind: "data", id: disk, sizeGib: 1 }] };
      await driver.define(before);
      await host.writeDisk(guest.id, "system", "kept");
      await host.writeDisk(guest.id, disk, "kept too");
      await keeper.keepDisks(guest.id, keepId);
      await driver.define({ ...guest, base: { ...guest.base, digest: `sha256:${"0".repeat(64)}` } });
      expect((await host.disks(guest.id)).get("system")?.text).toBe("");
      await keeper.restoreDisks(guest.id, keepId);
      await driver.define(before);
      const disks = await host.disks(guest.id);
      expect(disks.get("system")?.text).toBe("kept");
      expect(disks.get(disk)?.text).toBe("kept too");
    }),
  );

  it(
    "refuses a guest that runs, an id under which nothing is kept, and an unknown guest",
    eachCase(open, async (subject) => {
      const { driver, guest, ids, skip } = subject;
      skip(!driver.capabilities.keepDisks, why);
      const keeper = extensionsOf(driver, "keepDisks");
      const keepId = ids.next("snp");
      await driver.define(guest);
      await expect(keeper.restoreDisks(guest.id, keepId)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await keeper.keepDisks(guest.id, keepId);
      await startToBoot(subject);
      await expect(keeper.keepDisks(guest.id, ids.next("snp"))).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(keeper.restoreDisks(guest.id, keepId)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(keeper.keepDisks(unknownGuestId, keepId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      await expect(keeper.restoreDisks(unknownGuestId, keepId)).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
    }),
  );

  it(
    "leaves nothing when it is dropped, or gone with its guest",
    eachCase(open, async ({ driver, guest, host, ids, skip }) => {
      skip(!driver.capabilities.keepDisks, why);
      const keeper = extensionsOf(driver, "keepDisks");
      const keepId = ids.next("snp");
      await driver.define(guest);
      const before = await host.leftovers(guest.id);
      await keeper.keepDisks(guest.id, keepId);
      expect((await host.leftovers(guest.id)).length).toBeGreaterThan(before.length);
      await keeper.dropDisks(guest.id, keepId);
      await keeper.dropDisks(guest.id, keepId);
      await keeper.dropDisks(unknownGuestId, keepId);
      expect(await host.leftovers(guest.id)).toHaveLength(before.length);
      await expect(keeper.restoreDisks(guest.id, keepId)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await keeper.keepDisks(guest.id, keepId);
      await driver.remove(guest.id);
      expect(await host.leftovers(guest.id)).toEqual([]);
    }),
  );
}
