import type { PlacementGroup } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { filterScheduler } from "../../src/filter-scheduler.ts";
import { serverGroupWeigher } from "../../src/weighers/server-group-weigher.ts";
import { candidatesOf, fleetOf, hostView, placementRequest } from "../fixtures.ts";

const [most, one, none] = [hostView("most"), hostView("one"), hostView("none")];
const group = (policy: PlacementGroup["policy"]): PlacementGroup => ({
  name: "web",
  policy,
  hostIds: [most.id, one.id, most.id],
});
const weights = (...groups: PlacementGroup[]): number[] =>
  [most, one, none].map((host) => serverGroupWeigher.weigh(placementRequest({ groups }), host));

describe("ServerGroupWeigher", () => {
  it("prefers the host with the most servers for soft affinity", () => {
    expect(weights(group("soft-affinity"))).toEqual([2 / 3, 1 / 2, 0]);
  });

  it("prefers the host with the fewest for soft anti-affinity", () => {
    expect(weights(group("soft-anti-affinity"))).toEqual([1 / 3, 1 / 2, 1]);
  });

  it("weighs all hosts alike where no soft policy asks for anything", () => {
    expect(weights()).toEqual([0, 0, 0]);
    expect(weights(group("affinity"), group("anti-affinity"))).toEqual([0, 0, 0]);
  });

  it("counts more than packing, and turns nobody away", () => {
    const full = { ...most, free: { ...most.free, milliEcu: 4000 } };
    const fleet = fleetOf(filterScheduler(), [full, one, none]);
    const apart = placementRequest({ groups: [group("soft-anti-affinity")] });
    expect(candidatesOf(fleet, apart)).toEqual([none.id, one.id, full.id]);
    const together = placementRequest({ groups: [group("soft-affinity")] });
    expect(candidatesOf(fleetOf(filterScheduler(), [most, one, none]), together)).toEqual([most.id, one.id, none.id]);
  });
});
