import { emptyHostNetwork, macAddress, tapName, uuidv7Ids, VirtualClock } from "@cloudhost/core/ports";
import type { HostBinding, HostNetwork, NetworkUpdate, TenantMember } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { openFake } from "./subject.ts";

const ids = uuidv7Ids(new VirtualClock());

function binding(index: number): HostBinding {
  const id = ids.next("nic");
  return {
    id,
    tap: tapName(id),
    mac: macAddress(id),
    address: `10.0.0.${index + 1}`,
    prefixLength: 24,
    gateway: "10.0.0.1",
    serverId: ids.next("srv"),
    tenant: 1 + (index % 2),
    classId: 0x10 + index,
    internal: { rateKbit: 1000, ceilKbit: 2000 },
    external: null,
  };
}

const networkOf = (bindings: readonly HostBinding[], members: readonly TenantMember[] = []): HostNetwork => ({
  bindings: new Map(bindings.map((each) => [each.id, each])),
  members: new Map(members.map((each) => [each.address, each])),
});

const update = (revision: number, desired: HostNetwork): NetworkUpdate => ({
  revision,
  baseRevision: 0,
  desired,
  changes: undefined,
});

async function taps(network: { list(): AsyncIterable<{ tap: string }> }): Promise<string[]> {
  const found: string[] = [];
  for await (const { tap } of network.list()) found.push(tap);
  return found;
}

describe("the fake network driver", () => {
  it("makes the host's network just as desired", async () => {
    await using fake = await openFake();
    const [first, second, third] = [binding(1), binding(2), binding(3)];
    await fake.network.apply(update(1, networkOf([first, second])));
    expect(await taps(fake.network)).toEqual([first.tap, second.tap]);
    await fake.network.apply(update(2, networkOf([third, first])));
    expect((await taps(fake.network)).toSorted()).toEqual([first.tap, third.tap].toSorted());
  });

  it("writes only the difference, and nothing when there is none", async () => {
    await using fake = await openFake();
    const writes = async (): Promise<number | undefined> => (await fake.world.read())[0]?.networkWrites;
    const first = binding(1);
    const member = { address: "10.0.0.9", tenant: 1, via: "198.18.0.2" };
    await fake.network.apply(update(1, networkOf([first], [member])));
    expect(await writes()).toBe(2);
    await fake.network.apply(update(1, networkOf([structuredClone(first)], [member])));
    expect(await writes()).toBe(2);
    await fake.network.apply(update(2, networkOf([{ ...first, classId: 0x99 }])));
    expect(await writes()).toBe(4);
    await fake.network.apply(update(3, emptyHostNetwork));
    expect(await writes()).toBe(5);
    expect(await taps(fake.network)).toEqual([]);
  });

  it("does nothing when cancelled", async () => {
    await using fake = await openFake();
    const applying = fake.network.apply(update(1, networkOf([binding(1)])), AbortSignal.abort());
    await expect(applying).rejects.toMatchObject({ code: "CANCELLED" });
    expect(await taps(fake.network)).toEqual([]);
  });

  it("finds its network again after the agent's restart", async () => {
    await using fake = await openFake();
    const first = binding(1);
    await fake.network.apply(update(1, networkOf([first])));
    await fake.network.recover();
    expect(await taps(fake.network)).toEqual([first.tap]);
  });
});
