import { describe, expect, it } from "vitest";
import { networkFilter } from "../../src/filters/network-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("NetworkFilter", () => {
  const request = placementRequest({ resources: { internalKbit: 8000, externalKbit: 10_000 } });

  it("keeps a host with just enough of both", () => {
    const host = hostView("host-1", { free: { internalKbit: 8000, externalKbit: 10_000 } });
    expect(networkFilter.check(request, host)).toBe(true);
  });

  it.each([
    ["internalKbit", 8000],
    ["externalKbit", 10_000],
  ] as const)("says that %s is short, however much there is of the other", (resource, need) => {
    const host = hostView("host-1", { free: { [resource]: need - 1 } });
    expect(networkFilter.check(request, host)).toEqual({ need, have: need - 1, unit: "kbit/s", resource });
  });
});
