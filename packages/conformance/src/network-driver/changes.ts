import { applyNetworkChanges } from "@cloudhost/core/ports";
import type { HostNetwork, NetworkChange, NetworkUpdate } from "@cloudhost/core/ports";
import { expect, it } from "vitest";
import { eachCase, listed, presentOf, whole } from "./case.ts";
import { networkOf, sampleBinding } from "./sample-network.ts";
import type { OpenNetworkSubject } from "./case.ts";

/** Changes since a revision: a shorter way to the same network, for a driver that may take it. */
export function changesSuite(open: OpenNetworkSubject): void {
  it(
    "comes to the same by changes as by the whole",
    eachCase(open, async ({ driver, host, otherHost }) => {
      const [goes, stays, comes] = [sampleBinding(1), sampleBinding(2), sampleBinding(3, { tenant: 3 })];
      const changed = { ...stays, internal: { rateKbit: 7000, ceilKbit: 8000 } };
      const base = networkOf([goes, stays], [{ address: "10.98.9.9", tenant: 1, via: otherHost }]);
      const changes: NetworkChange[] = [
        { kind: "noBinding", nicId: goes.id },
        { kind: "noMember", address: goes.address },
        { kind: "noMember", address: "10.98.9.9" },
        { kind: "binding", binding: changed },
        { kind: "binding", binding: comes },
        { kind: "member", member: { address: comes.address, tenant: 3, via: null } },
        { kind: "member", member: { address: "10.98.9.8", tenant: 3, via: otherHost } },
      ];
      await driver.apply(whole(4, base));
      await driver.apply(since(4, base, changes));
      expect(await listed(driver)).toEqual(presentOf(driver, changed, comes));
      const byChanges = await host.picture();

      await driver.apply(whole(6, networkOf([])));
      await driver.apply(whole(7, applyNetworkChanges(base, changes)));
      expect(await host.picture()).toEqual(byChanges);
    }),
  );

  it(
    "does the whole when it did not apply the base itself",
    eachCase(open, async ({ driver }) => {
      const [before, comes] = [sampleBinding(1), sampleBinding(2)];
      await driver.apply(since(41, networkOf([before]), [{ kind: "binding", binding: comes }]));
      expect(await listed(driver)).toEqual(presentOf(driver, before, comes));
    }),
  );

  it(
    "does the whole when the base is not the last that it applied",
    eachCase(open, async ({ driver }) => {
      const [first, second, third] = [sampleBinding(1), sampleBinding(2), sampleBinding(3)];
      await driver.apply(whole(1, networkOf([first])));
      await driver.apply(whole(2, networkOf([second])));
      await driver.apply(since(1, networkOf([first]), [{ kind: "binding", binding: third }]));
      expect(await listed(driver)).toEqual(presentOf(driver, first, third));
    }),
  );
}

/** The next revision, told by what changed. */
const since = (baseRevision: number, base: HostNetwork, changes: readonly NetworkChange[]): NetworkUpdate => ({
  revision: baseRevision + 1,
  baseRevision,
  desired: applyNetworkChanges(base, changes),
  changes,
});
