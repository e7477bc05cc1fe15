import { emptyHostNetwork } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, presentOf, whole, wholeOf } from "./case.ts";
import { networkOf, sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** What is no longer desired goes, with all that was of it. */
export function removeSuite(open: OpenNetworkSubject): void {
  it(
    "removes a binding and leaves the others",
    eachCase(open, async ({ driver }) => {
      const [goes, stays] = [sampleBinding(1), sampleBinding(2)];
      await driver.apply(wholeOf(1, goes, stays));
      await driver.apply(wholeOf(2, stays));
      expect(await listed(driver)).toEqual(presentOf(driver, stays));
    }),
  );

  it(
    "leaves nothing of what went",
    eachCase(open, async ({ driver, host, otherHost }) => {
      await driver.apply(whole(1, emptyHostNetwork));
      const empty = await host.picture();
      const elsewhere = { address: "10.98.9.9", tenant: 1, via: otherHost };
      await driver.apply(whole(2, networkOf([sampleBinding(1), sampleBinding(2)], [elsewhere])));
      expect(await host.picture()).not.toEqual(empty);
      await driver.apply(whole(3, emptyHostNetwork));
      expect(await host.picture()).toEqual(empty);
    }),
  );

  it(
    "may be repeated, as after a crash",
    eachCase(open, async ({ driver, host }) => {
      await driver.apply(wholeOf(1, sampleBinding(1), sampleBinding(2)));
      await driver.apply(whole(2, emptyHostNetwork));
      const writes = await host.writes();
      await driver.apply(whole(2, emptyHostNetwork));
      expect(await host.writes()).toBe(writes);
      expect(await listed(driver)).toEqual([]);
    }),
  );
}
