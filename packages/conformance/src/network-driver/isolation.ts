import { expect, it } from "vitest";
import { eachCase, wholeOf } from "./case.ts";
import { sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** Who reaches whom, by packets. */
export function isolationSuite(open: OpenNetworkSubject): void {
  it(
    "lets servers of one project reach each other, and no other",
    eachCase(open, async ({ driver, host, skip }) => {
      skip(!driver.capabilities.isolation, "the driver does not keep projects apart");
      skip(host.reaches === undefined, "no packets can be sent here");
      const [one, other, stranger] = [sampleBinding(1), sampleBinding(2), sampleBinding(3, { tenant: 2 })];
      await driver.apply(wholeOf(1, one, other, stranger));
      expect(await host.reaches?.(one, other)).toBe(true);
      expect(await host.reaches?.(other, one)).toBe(true);
      expect(await host.reaches?.(one, stranger)).toBe(false);
      expect(await host.reaches?.(stranger, one)).toBe(false);
    }),
  );

  it(
    "follows a server that changes its project",
    eachCase(open, async ({ driver, host, skip }) => {
      skip(!driver.capabilities.isolation, "the driver does not keep projects apart");
      skip(host.reaches === undefined, "no packets can be sent here");
      const [one, other] = [sampleBinding(1), sampleBinding(2)];
      await driver.apply(wholeOf(1, one, other));
      expect(await host.reaches?.(one, other)).toBe(true);
      await driver.apply(wholeOf(2, one, { ...other, tenant: 2 }));
      expect(await host.reaches?.(one, other)).toBe(false);
    }),
  );
}
