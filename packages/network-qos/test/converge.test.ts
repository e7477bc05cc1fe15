import { isDeepStrictEqual } from "node:util";
import { networkOf, sampleBinding } from "@cloudhost/conformance";
import { emptyHostNetwork } from "@cloudhost/core/ports";
import type { HostNetwork, NetworkChange } from "@cloudhost/core/ports";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinuxNetworkDriver } from "../src/driver.ts";
import { removeFrom } from "../src/remove.ts";
import { FakeKernel } from "./fake-kernel/index.ts";
import { context, facts } from "./open-subject.ts";

/** Servers that exist: networks are made of some of them, in several guises. */
const servers = Array.from({ length: 6 }, (_, index) => sampleBinding(index + 1));
const bandwidth = fc
  .tuple(fc.integer({ min: 1, max: 9_000_000 }), fc.nat(1_000_000))
  .map(([rateKbit, more]) => ({ rateKbit, ceilKbit: rateKbit + more }));
const network: fc.Arbitrary<HostNetwork> = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        index: fc.nat(servers.length - 1),
        tenant: fc.integer({ min: 1, max: 3 }),
        internal: bandwidth,
        external: fc.option(bandwidth),
        classId: fc.constantFrom(0, 0x1000, 0xfef0),
      }),
      { selector: ({ index }) => index },
    ),
    fc.uniqueArray(fc.nat(9)),
  )
  .map(([chosen, elsewhere]) =>
    networkOf(
      chosen.map(({ index, classId, ...rest }) => {
        const server = servers[index]!;
        return { ...server, ...rest, classId: server.classId + classId };
      }),
      elsewhere.map((last) => ({
        address: `10.98.7.${last}`,
        tenant: 1 + (last % 3),
        via: `172.20.0.${2 + (last % 2)}`,
      })),
    ),
  );

const whole = (desired: HostNetwork, revision: number) => ({ revision, baseRevision: 0, changes: undefined, desired });
const since = (before: HostNetwork, desired: HostNetwork, revision: number) => ({
  revision,
  baseRevision: revision - 1,
  changes: difference(before, desired),
  desired,
});

/** What leads from one network to the other. */
function difference(before: HostNetwork, after: HostNetwork): NetworkChange[] {
  const nicIds = [...before.bindings.keys()].filter((id) => !after.bindings.has(id));
  const addresses = [...before.members.keys()].filter((address) => !after.members.has(address));
  return [
    ...nicIds.map((nicId) => ({ kind: "noBinding", nicId }) as const),
    ...addresses.map((address) => ({ kind: "noMember", address }) as const),
    ...[...after.bindings.values()]
      .filter((binding) => !isDeepStrictEqual(before.bindings.get(binding.id), binding))
      .map((binding) => ({ kind: "binding", binding }) as const),
    ...[...after.members.values()]
      .filter((member) => !isDeepStrictEqual(before.members.get(member.address), member))
      .map((member) => ({ kind: "member", member }) as const),
  ];
}

describe("a host's network", () => {
  it("is the same by whatever way it came about, and a second apply writes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(network, { minLength: 1, maxLength: 5 }), fc.boolean(), async (networks, quick) => {
        const kernel = new FakeKernel();
        const driver = new LinuxNetworkDriver(kernel.run, context, facts);
        let before = emptyHostNetwork;
        for (const [index, desired] of networks.entries()) {
          await driver.apply(quick ? since(before, desired, index + 1) : whole(desired, index + 1));
          before = desired;
        }
        const { writes } = driver;
        await driver.apply(whole(networks.at(-1)!, 99));
        expect(driver.writes).toBe(writes);

        const fresh = new FakeKernel();
        await new LinuxNetworkDriver(fresh.run, context, facts).apply(whole(networks.at(-1)!, 1));
        expect(sorted(kernel.picture())).toEqual(sorted(fresh.picture()));
      }),
      { numRuns: 30 },
    );
  });

  it("comes about after a kill at any line of the way before", async () => {
    await fc.assert(
      fc.asyncProperty(network, network, fc.nat(400), fc.boolean(), async (first, second, lines, restarted) => {
        const kernel = new FakeKernel();
        const driver = new LinuxNetworkDriver(kernel.run, context, facts);
        kernel.linesLeft = lines;
        const killed = await driver.apply(whole(first, 1)).then(
          () => false,
          () => true,
        );
        kernel.linesLeft = undefined;
        const next = restarted || killed ? new LinuxNetworkDriver(kernel.run, context, facts) : driver;
        await next.recover();
        await next.apply(since(first, second, 2));

        const fresh = new FakeKernel();
        await new LinuxNetworkDriver(fresh.run, context, facts).apply(whole(second, 1));
        expect(sorted(kernel.picture())).toEqual(sorted(fresh.picture()));
      }),
      { numRuns: 40 },
    );
  });

  it("is gone when it is removed, also when it was half made", async () => {
    await fc.assert(
      fc.asyncProperty(network, fc.nat(400), async (desired, lines) => {
        const kernel = new FakeKernel();
        const before = kernel.picture();
        kernel.linesLeft = lines;
        await new LinuxNetworkDriver(kernel.run, context, facts).apply(whole(desired, 1)).catch(() => {});
        kernel.linesLeft = undefined;
        await removeFrom({ run: kernel.run, userId: 0 }, { internal: "eth0", external: "eth1" });
        expect(kernel.picture()).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });
});

/** Links come in the order in which they were made, which is no part of what they are. */
const sorted = (picture: unknown): unknown => {
  const { links, tc, ...rest } = picture as {
    readonly links: readonly { readonly ifname?: string }[];
    readonly tc: readonly string[];
  };
  const byName = links.toSorted((a, b) => ((a.ifname ?? "") < (b.ifname ?? "") ? -1 : 1));
  return { ...rest, links: byName, tc: tc.flat().toSorted() };
};
