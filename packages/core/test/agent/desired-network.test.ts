import { describe, expect, it } from "vitest";
import { DesiredNetwork } from "../../src/agent/desired-network.ts";
import type { NetworkChange, NetworkUpdate } from "../../src/ports/index.ts";

const { signal } = new AbortController();

const member = (address: string): NetworkChange => ({ kind: "member", member: { address, tenant: 1, via: null } });
const noMember = (address: string): NetworkChange => ({ kind: "noMember", address });

/** One page of an update. */
const page = (
  revision: number,
  baseRevision: number,
  changes: NetworkChange[] = [],
  at: { readonly index: number; readonly of: number } = { index: 0, of: 1 },
) => ({ revision, baseRevision, changes, page: at });

function begin(): {
  network: DesiredNetwork;
  updates: NetworkUpdate[];
  applied: number[];
  fail: (times: number) => void;
} {
  const updates: NetworkUpdate[] = [];
  const applied: number[] = [];
  let failures = 0;
  const driver = {
    async apply(update: NetworkUpdate): Promise<void> {
      updates.push(update);
      if (failures-- > 0) throw new Error("the kernel says no");
    },
  };
  const network = new DesiredNetwork(driver, (revision) => applied.push(revision));
  return { network, updates, applied, fail: (times) => (failures = times) };
}

const addresses = (update: NetworkUpdate | undefined): string[] => [...(update?.desired.members.keys() ?? [])];

describe("DesiredNetwork", () => {
  it("takes the whole, which says nothing of what is there", async () => {
    const { network, updates, applied } = begin();
    const answer = await network.apply(page(5, 0, [member("10.0.0.1"), member("10.0.0.2")]), signal);
    expect(answer).toEqual({ revision: 5, wanted: "nothing" });
    expect(updates).toMatchObject([{ revision: 5, baseRevision: 0, changes: undefined }]);
    expect(addresses(updates[0])).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(applied).toEqual([5]);
  });

  it("takes changes to what it applied, and gives them to the driver with the whole", async () => {
    const { network, updates } = begin();
    await network.apply(page(5, 0, [member("10.0.0.1")]), signal);
    const changes = [member("10.0.0.2"), noMember("10.0.0.1")];
    expect(await network.apply(page(6, 5, changes), signal)).toEqual({ revision: 6, wanted: "nothing" });
    expect(updates[1]).toMatchObject({ revision: 6, baseRevision: 5, changes });
    expect(addresses(updates[1])).toEqual(["10.0.0.2"]);
  });

  it("asks for the whole when it lacks the base", async () => {
    const { network, updates } = begin();
    expect(await network.apply(page(6, 5), signal)).toEqual({ revision: 0, wanted: "whole" });
    await network.apply(page(7, 0), signal);
    expect(await network.apply(page(9, 8), signal)).toEqual({ revision: 7, wanted: "whole" });
    expect(updates).toHaveLength(1);
  });

  it("puts pages together and applies them once", async () => {
    const { network, updates } = begin();
    const of = 3;
    for (const index of [0, 1, 2]) {
      const answer = await network.apply(page(4, 0, [member(`10.0.0.${index}`)], { index, of }), signal);
      expect(answer).toEqual({ revision: index === 2 ? 4 : 0, wanted: "nothing" });
    }
    expect(updates).toHaveLength(1);
    expect(addresses(updates[0])).toHaveLength(3);
  });

  it("takes a page once that comes twice", async () => {
    const { network, updates } = begin();
    const first = page(4, 0, [member("10.0.0.1")], { index: 0, of: 3 });
    const second = page(4, 0, [noMember("10.0.0.1")], { index: 1, of: 3 });
    for (const some of [first, second, second]) await network.apply(some, signal);
    await network.apply(page(4, 0, [member("10.0.0.2")], { index: 2, of: 3 }), signal);
    expect(addresses(updates[0])).toEqual(["10.0.0.2"]);
  });

  it("asks for the whole when pages before are missing", async () => {
    const { network, updates } = begin();
    const lost = page(4, 0, [], { index: 1, of: 2 });
    expect(await network.apply(lost, signal)).toEqual({ revision: 0, wanted: "whole" });
    await network.apply(page(4, 0, [], { index: 0, of: 3 }), signal);
    expect(await network.apply(page(4, 0, [], { index: 2, of: 3 }), signal)).toMatchObject({ wanted: "whole" });
    expect(updates).toEqual([]);
  });

  it("answers that an older revision is applied already", async () => {
    const { network, updates } = begin();
    await network.apply(page(5, 0), signal);
    expect(await network.apply(page(4, 0), signal)).toEqual({ revision: 5, wanted: "nothing" });
    expect(await network.apply(page(3, 2), signal)).toEqual({ revision: 5, wanted: "nothing" });
    expect(await network.apply(page(5, 4), signal)).toEqual({ revision: 5, wanted: "nothing" });
    expect(updates).toHaveLength(1);
  });

  it("applies what it has once more when it is asked to, so that drift is repaired", async () => {
    const { network, updates } = begin();
    await network.apply(page(5, 0, [member("10.0.0.1")]), signal);
    expect(await network.apply(page(5, 5), signal)).toEqual({ revision: 5, wanted: "nothing" });
    expect(updates).toHaveLength(2);
    expect(updates[1]).toMatchObject({ revision: 5, changes: undefined });
    expect(addresses(updates[1])).toEqual(["10.0.0.1"]);
  });

  it("keeps its base when the driver fails, and then gives no changes: it may have done a part", async () => {
    const { network, updates, applied, fail } = begin();
    await network.apply(page(5, 0, [member("10.0.0.1")]), signal);
    fail(1);
    await expect(network.apply(page(6, 5, [member("10.0.0.2")]), signal)).rejects.toThrow("the kernel says no");
    expect(await network.apply(page(6, 5, [member("10.0.0.2")]), signal)).toEqual({ revision: 6, wanted: "nothing" });
    expect(updates[2]).toMatchObject({ revision: 6, baseRevision: 5, changes: undefined });
    expect(addresses(updates[2])).toEqual(["10.0.0.1", "10.0.0.2"]);
    expect(applied).toEqual([5, 6]);
  });
});
