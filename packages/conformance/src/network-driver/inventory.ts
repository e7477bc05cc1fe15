import { NetworkInventory } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, wholeOf } from "./case.ts";
import { sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** What a host offers guests. */
export function inventorySuite(open: OpenNetworkSubject): void {
  it(
    "tells what the uplinks have for guests, whatever guests there are",
    eachCase(open, async ({ driver }) => {
      const before = NetworkInventory.parse(await driver.inventory());
      await driver.apply(wholeOf(1, sampleBinding(1)));
      expect(await driver.inventory()).toEqual(before);
    }),
  );

  it(
    "offers the bandwidth that it enforces",
    eachCase(open, async ({ driver, skip }) => {
      skip(!driver.capabilities.shaping, "the driver does not shape");
      expect((await driver.inventory()).internalKbit).toBeGreaterThan(0);
    }),
  );

  it(
    "offers no bandwidth that it does not enforce",
    eachCase(open, async ({ driver, skip }) => {
      skip(driver.capabilities.shaping, "the driver shapes");
      expect(await driver.inventory()).toEqual({ internalKbit: 0, externalKbit: 0 });
    }),
  );
}
