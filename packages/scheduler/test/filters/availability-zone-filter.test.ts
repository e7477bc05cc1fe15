import { describe, expect, it } from "vitest";
import { availabilityZoneFilter } from "../../src/filters/availability-zone-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("AvailabilityZoneFilter", () => {
  const host = hostView("host-1", { zone: "az-2" });
  const filter = availabilityZoneFilter({});

  it("keeps a host of the zone that was asked for", () => {
    expect(filter.check(placementRequest({ zone: "az-2" }), host)).toBe(true);
  });

  it("turns away a host of another zone", () => {
    expect(filter.check(placementRequest({ zone: "az-1" }), host)).toEqual({ need: "az-1", have: "az-2" });
  });

  it("keeps every host when no zone was asked for", () => {
    expect(filter.check(placementRequest(), host)).toBe(true);
  });

  it("takes the default zone when no zone was asked for", () => {
    const withDefault = availabilityZoneFilter({ defaultZone: "az-1" });
    expect(withDefault.check(placementRequest(), host)).toEqual({ need: "az-1", have: "az-2" });
    expect(withDefault.check(placementRequest({ zone: "az-2" }), host)).toBe(true);
  });
});
