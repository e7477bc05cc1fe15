import { describe, expect, it } from "vitest";
import { resourceFilter } from "../../src/filters/resource-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("ResourceFilter", () => {
  const request = placementRequest({ resources: { gpu: 1, licence: 2 } });

  it("keeps a host with just enough of every declared resource", () => {
    expect(resourceFilter.check(request, hostView("host-1", { free: { gpu: 1, licence: 2 } }))).toBe(true);
  });

  it("says which is short", () => {
    const host = hostView("host-1", { free: { gpu: 1, licence: 1 } });
    expect(resourceFilter.check(request, host)).toEqual({ need: 2, have: 1, resource: "licence" });
  });

  it("takes a resource that the host does not report for none", () => {
    expect(resourceFilter.check(request, hostView("host-1"))).toEqual({ need: 1, have: 0, resource: "gpu" });
  });

  it("leaves the built-in resources to their own filters", () => {
    const full = hostView("host-1", { free: { milliEcu: 0, memoryMib: 0, diskGib: 0, internalKbit: 0 } });
    expect(resourceFilter.check(placementRequest(), full)).toBe(true);
  });
});
