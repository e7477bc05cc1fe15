import { describe, expect, it } from "vitest";
import { filterScheduler } from "../../src/filter-scheduler.ts";
import { spreadWeigher } from "../../src/weighers/spread-weigher.ts";
import { candidatesOf, fleetOf, hostView, placementRequest } from "../fixtures.ts";

describe("SpreadWeigher", () => {
  const request = placementRequest({ resources: { milliEcu: 6000, memoryMib: 0, diskGib: 0, internalKbit: 0 } });

  it("weighs the part of the host that would be left of what is used the most", () => {
    expect(spreadWeigher.weigh(request, hostView("host-1"))).toBeCloseTo(0.9);
    expect(spreadWeigher.weigh(request, hostView("host-1", { free: { memoryMib: 6460 } }))).toBeCloseTo(0.1);
  });

  it("brings a server to the emptiest host", () => {
    const hosts = [60_000, 6000, 30_000].map((milliEcu, index) => hostView(`host-${index}`, { free: { milliEcu } }));
    const fleet = fleetOf(filterScheduler({ weighers: ["SpreadWeigher"] }), hosts);
    expect(candidatesOf(fleet, request)).toEqual(["hst_host-0", "hst_host-2", "hst_host-1"]);
  });
});
