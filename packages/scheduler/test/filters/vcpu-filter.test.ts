import { describe, expect, it } from "vitest";
import { vcpuFilter } from "../../src/filters/vcpu-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("VCpuFilter", () => {
  const host = hostView("host-1", { guestCores: 4 });

  it("keeps a host with as many guest cores as vCPUs, whatever its other servers have", () => {
    expect(vcpuFilter.check(placementRequest({ vcpus: 4 }), host)).toBe(true);
  });

  it("turns away a host with fewer", () => {
    expect(vcpuFilter.check(placementRequest({ vcpus: 5 }), host)).toEqual({ need: 5, have: 4, unit: "vCPUs" });
  });
});
