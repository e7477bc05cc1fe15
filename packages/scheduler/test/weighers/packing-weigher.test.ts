import { describe, expect, it } from "vitest";
import { packingWeigher } from "../../src/weighers/packing-weigher.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("PackingWeigher", () => {
  const request = placementRequest({ resources: { milliEcu: 6000, memoryMib: 0, diskGib: 0, internalKbit: 0 } });
  const weigh = (fields: Parameters<typeof hostView>[1]) => packingWeigher.weigh(request, hostView("host-1", fields));

  it("weighs the part of the host that would be taken", () => {
    expect(weigh({})).toBeCloseTo(0.1);
    expect(weigh({ free: { milliEcu: 30_000 } })).toBeCloseTo(0.6);
  });

  it("weighs by the resource of which most would be taken", () => {
    expect(weigh({ free: { milliEcu: 30_000, memoryMib: 6460 } })).toBeCloseTo(0.9);
  });

  it("is 1 when the server takes the last of something", () => {
    expect(weigh({ free: { milliEcu: 6000 } })).toBe(1);
  });

  it("passes over what the host has none of", () => {
    const total = { ...hostView("other").total, externalKbit: 0 };
    expect(weigh({ total })).toBeCloseTo(0.1);
  });
});
