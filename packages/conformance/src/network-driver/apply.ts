import { emptyHostNetwork } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, presentOf, whole, wholeOf } from "./case.ts";
import { networkOf, sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** Applying the whole network: what is desired is there, and nothing else. */
export function applySuite(open: OpenNetworkSubject): void {
  it(
    "makes every desired binding present",
    eachCase(open, async ({ driver }) => {
      const bindings = [sampleBinding(1), sampleBinding(2, { tenant: 2 })];
      await driver.apply(wholeOf(1, ...bindings));
      expect(await listed(driver)).toEqual(presentOf(driver, ...bindings));
    }),
  );

  it(
    "writes nothing when all is as desired",
    eachCase(open, async ({ driver, host, otherHost }) => {
      const elsewhere = { address: "10.98.9.9", tenant: 1, via: otherHost };
      const bought = { rateKbit: 1000, ceilKbit: 5000 };
      const desired = networkOf([sampleBinding(1), sampleBinding(2, { external: bought })], [elsewhere]);
      await driver.apply(whole(1, desired));
      const writes = await host.writes();
      const picture = await host.picture();
      await driver.apply(whole(1, structuredClone(desired)));
      expect(await host.writes()).toBe(writes);
      expect(await host.picture()).toEqual(picture);
    }),
  );

  it(
    "takes an empty network",
    eachCase(open, async ({ driver }) => {
      await driver.apply(whole(1, emptyHostNetwork));
      expect(await listed(driver)).toEqual([]);
    }),
  );

  it(
    "follows a binding whose class and bandwidth changed",
    eachCase(open, async ({ driver, host, skip }) => {
      skip(!driver.capabilities.shaping, "the driver does not shape");
      const binding = sampleBinding(1);
      const reclassed = { ...binding, classId: 0x99 };
      await driver.apply(wholeOf(1, binding));
      await driver.apply(wholeOf(2, reclassed));
      expect(await listed(driver)).toEqual(presentOf(driver, reclassed));
      const before = await host.picture();
      await driver.apply(wholeOf(3, { ...reclassed, internal: { rateKbit: 20_000, ceilKbit: 30_000 } }));
      expect(await host.picture()).not.toEqual(before);
    }),
  );

  it(
    "gives address and class of a binding that goes to one that comes",
    eachCase(open, async ({ driver }) => {
      const [goes, comes, stays] = [sampleBinding(1), sampleBinding(1), sampleBinding(2)];
      await driver.apply(wholeOf(1, goes, stays));
      await driver.apply(wholeOf(2, comes, stays));
      expect(await listed(driver)).toEqual(presentOf(driver, comes, stays));
    }),
  );

  it(
    "ends as the later of two that come at once",
    eachCase(open, async ({ driver }) => {
      const [first, second] = [sampleBinding(1), sampleBinding(2)];
      await Promise.all([driver.apply(wholeOf(1, first)), driver.apply(wholeOf(2, second))]);
      expect(await listed(driver)).toEqual(presentOf(driver, second));
    }),
  );
}
