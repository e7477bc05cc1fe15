import { expect, it } from "vitest";
import { eachCase, listed, presentOf, wholeOf } from "./case.ts";
import { sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** The agent's restart: guests do not notice it. */
export function recoverSuite(open: OpenNetworkSubject): void {
  it(
    "leaves the network standing when it is closed, and finds it again",
    eachCase(open, async ({ driver, host, reopen }) => {
      const bindings = [sampleBinding(1), sampleBinding(2)];
      await driver.apply(wholeOf(1, ...bindings));
      const picture = await host.picture();
      const reopened = await reopen();
      expect(await host.picture()).toEqual(picture);
      await reopened.recover();
      expect(await listed(reopened)).toEqual(presentOf(reopened, ...bindings));
      const writes = await host.writes();
      await reopened.apply(wholeOf(1, ...bindings));
      expect(await host.writes()).toBe(writes);
      expect(await host.picture()).toEqual(picture);
    }),
  );

  it(
    "removes after a restart what was desired before it",
    eachCase(open, async ({ driver, reopen }) => {
      const [goes, stays] = [sampleBinding(1), sampleBinding(2)];
      await driver.apply(wholeOf(1, goes, stays));
      const reopened = await reopen();
      await reopened.recover();
      await reopened.apply(wholeOf(2, stays));
      expect(await listed(reopened)).toEqual(presentOf(reopened, stays));
    }),
  );

  it(
    "may be repeated, and changes nothing",
    eachCase(open, async ({ driver, host }) => {
      await driver.recover();
      await driver.apply(wholeOf(1, sampleBinding(1)));
      const picture = await host.picture();
      await driver.recover();
      await driver.recover();
      expect(await host.picture()).toEqual(picture);
    }),
  );
}
