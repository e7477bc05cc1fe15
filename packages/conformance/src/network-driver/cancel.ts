import { expect, it } from "vitest";
import { eachCase, listed, presentOf, wholeOf } from "./case.ts";
import { sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** Signals: a call that is cancelled may be half done, and a repeat ends it. */
export function cancelSuite(open: OpenNetworkSubject): void {
  it(
    "does nothing when the signal has fired already",
    eachCase(open, async ({ driver }) => {
      const fired = AbortSignal.abort();
      const cancelled = { code: "CANCELLED" };
      const binding = sampleBinding(1);
      await expect(driver.inventory(fired)).rejects.toMatchObject(cancelled);
      await expect(driver.recover(fired)).rejects.toMatchObject(cancelled);
      await expect(driver.apply(wholeOf(1, binding), fired)).rejects.toMatchObject(cancelled);
      await expect(listed(driver, fired)).rejects.toMatchObject(cancelled);
      expect(await listed(driver)).toEqual([]);
    }),
  );

  it(
    "ends by a repeat what was cancelled on the way",
    eachCase(open, async ({ driver, host }) => {
      const bindings = [sampleBinding(1), sampleBinding(2)];
      const cancel = new AbortController();
      const applying = driver.apply(wholeOf(1, ...bindings), cancel.signal);
      setImmediate(() => cancel.abort());
      await applying.catch(() => {});
      await driver.apply(wholeOf(1, ...bindings));
      expect(await listed(driver)).toEqual(presentOf(driver, ...bindings));
      const writes = await host.writes();
      await driver.apply(wholeOf(1, ...bindings));
      expect(await host.writes()).toBe(writes);
    }),
  );
}
