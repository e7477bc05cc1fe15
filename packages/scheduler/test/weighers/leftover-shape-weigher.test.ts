import { describe, expect, it } from "vitest";
import { leftoverShapeWeigher } from "../../src/weighers/leftover-shape-weigher.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("LeftoverShapeWeigher", () => {
  const total = { milliEcu: 10, memoryMib: 10, diskGib: 10, internalKbit: 10, externalKbit: 10 };
  const request = placementRequest({
    resources: { milliEcu: 2, memoryMib: 4, diskGib: 2, internalKbit: 2, externalKbit: 2 },
  });
  const weigh = (free: Parameters<typeof hostView>[1] & object) =>
    leftoverShapeWeigher.weigh(request, hostView("host-1", { total, ...free }));

  it("is 1 where as much of everything would be left", () => {
    expect(weigh({ free: { milliEcu: 6, memoryMib: 8, diskGib: 6, internalKbit: 6, externalKbit: 6 } })).toBe(1);
  });

  it("is less the further what is left of one resource is from what is left of another", () => {
    expect(weigh({})).toBeCloseTo(0.8);
    expect(weigh({ free: { memoryMib: 4 } })).toBeCloseTo(0.2);
  });

  it("passes over what the host has none of", () => {
    expect(weigh({ total: { ...total, externalKbit: 0 }, free: { memoryMib: 8, externalKbit: 0 } })).toBeCloseTo(0.6);
  });
});
