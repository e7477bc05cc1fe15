import { ComputeInventory } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** What a host offers its guests. */
export function inventorySuite(open: OpenComputeSubject): void {
  it(
    "is whole and in its units",
    eachCase(open, async ({ driver }) => {
      const inventory = ComputeInventory.parse(await driver.inventory());
      expect(inventory.memoryMib).toBeGreaterThan(0);
      expect(inventory.cpuModel).not.toBe("");
    }),
  );

  it(
    "does not shrink with the guests that are there",
    eachCase(open, async ({ driver, guest }) => {
      const { guestCores, milliEcuPerCore, memoryMib } = await driver.inventory();
      await driver.define(guest);
      await driver.start(guest.id);
      expect(await driver.inventory()).toMatchObject({ guestCores, milliEcuPerCore, memoryMib });
    }),
  );

  it(
    "leaves out what the host keeps for itself",
    eachCase(open, async ({ driver, reserve, reopen }) => {
      const before = await driver.inventory();
      const cores = Math.min(1, before.guestCores);
      const more = { ...reserve, cores: reserve.cores + cores, memoryMib: reserve.memoryMib + 64 };
      const reopened = await reopen(more);
      const after = await reopened.inventory();
      expect(after.guestCores).toBe(before.guestCores - cores);
      expect(after.memoryMib).toBe(before.memoryMib - 64);
      expect(after.milliEcuPerCore).toBe(before.milliEcuPerCore);
    }),
  );

  it(
    "leaves out the reserve of disk",
    eachCase(open, async ({ driver, reserve, reopen }) => {
      const before = await driver.inventory();
      const reopened = await reopen({ ...reserve, diskGib: reserve.diskGib + before.diskGib });
      expect((await reopened.inventory()).diskGib).toBe(0);
    }),
  );
}
