import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idFromUuid, macAddress, tapName } from "../../src/ids.ts";
import { changesBetween } from "../../src/networks/network-changes.ts";
import { applyNetworkChanges, emptyHostNetwork } from "../../src/ports/network-driver.ts";
import type { HostNetwork, NetworkChange } from "../../src/ports/network-driver.ts";

const id = (prefix: "nic" | "srv", number: number): string =>
  idFromUuid(prefix, `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`);

const binding = fc
  .record({ number: fc.integer({ min: 1, max: 6 }), rateKbit: fc.integer({ min: 1, max: 3 }), bought: fc.boolean() })
  .map(({ number, rateKbit, bought }): NetworkChange => {
    const nicId = id("nic", number);
    const bandwidth = { rateKbit, ceilKbit: 4 };
    const nic = { id: nicId, tap: tapName(nicId), mac: macAddress(nicId), address: `10.0.0.${number + 1}` };
    const place = {
      prefixLength: 16,
      gateway: "10.0.0.1",
      serverId: id("srv", number),
      tenant: 1,
      classId: 15 + number,
    };
    return {
      kind: "binding",
      binding: { ...nic, ...place, internal: bandwidth, external: bought ? bandwidth : null },
    };
  });
const member = fc
  .record({ number: fc.integer({ min: 1, max: 6 }), tenant: fc.integer({ min: 1, max: 2 }), near: fc.boolean() })
  .map(({ number, tenant, near }): NetworkChange => {
    const via = near ? null : "192.168.0.9";
    return { kind: "member", member: { address: `10.0.0.${number + 1}`, tenant, via } };
  });

/** A whole network, given as the changes that make it from nothing: each key once. */
const whole = fc
  .tuple(
    fc.uniqueArray(binding, { selector: (change) => (change.kind === "binding" ? change.binding.id : "") }),
    fc.uniqueArray(member, { selector: (change) => (change.kind === "member" ? change.member.address : "") }),
  )
  .map(([bindings, members]) => [...bindings, ...members]);

const networkOf = (changes: readonly NetworkChange[]): HostNetwork => applyNetworkChanges(emptyHostNetwork, changes);

describe("changesBetween", () => {
  it("leads from the one network to the other", () => {
    fc.assert(
      fc.property(whole, whole, (before, after) => {
        expect(applyNetworkChanges(networkOf(before), changesBetween(before, after))).toEqual(networkOf(after));
      }),
    );
  });

  it("is nothing between a network and itself, in whatever order it is told", () => {
    fc.assert(
      fc.property(whole, (network) => {
        expect(changesBetween(network, network.toReversed())).toEqual([]);
      }),
    );
  });

  it("is what is new and what is gone, and no more", () => {
    fc.assert(
      fc.property(whole, whole, (before, after) => {
        expect(changesBetween(before, after).length).toBeLessThanOrEqual(before.length + after.length);
        expect(changesBetween([], after)).toEqual(after);
        expect(changesBetween(before, [])).toHaveLength(before.length);
      }),
    );
  });
});

describe("applyNetworkChanges", () => {
  it("touches neither of its arguments", () => {
    fc.assert(
      fc.property(whole, whole, (before, after) => {
        const network = networkOf(before);
        const kept = structuredClone(network);
        const changes = changesBetween(before, after);
        applyNetworkChanges(network, changes);
        expect(network).toEqual(kept);
      }),
    );
  });

  it("takes away what is not there without complaint", () => {
    const gone: NetworkChange[] = [
      { kind: "noBinding", nicId: id("nic", 1) },
      { kind: "noMember", address: "10.0.0.9" },
    ];
    expect(applyNetworkChanges(emptyHostNetwork, gone)).toEqual(emptyHostNetwork);
  });
});
