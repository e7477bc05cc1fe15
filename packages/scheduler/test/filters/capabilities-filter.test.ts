import { describe, expect, it } from "vitest";
import { aggregateFilter } from "../../src/filters/aggregate-filter.ts";
import { capabilitiesFilter } from "../../src/filters/capabilities-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("CapabilitiesFilter", () => {
  const host = hostView("a", { capabilities: { suspend: true, liveResize: false }, cpuModel: "E5-2650" });
  const check = (requires: Record<string, string>) => capabilitiesFilter.check(placementRequest({ requires }), host);

  it("keeps a host that is what the flavor requires, or of which nothing is required", () => {
    expect(check({})).toBe(true);
    expect(check({ "host.suspend": "true", "host.liveResize": "false", "host.cpuModel": "E5-2650" })).toBe(true);
    expect(check({ "host.architecture": "x86_64", "host.hypervisor": "kvm" })).toBe(true);
  });

  it("turns away a host that is something else, or cannot", () => {
    expect(check({ "host.cpuModel": "Opteron 6276" })).toEqual({
      need: "cpuModel=Opteron 6276",
      have: "cpuModel=E5-2650",
    });
    expect(check({ "host.liveResize": "true" })).toEqual({ need: "liveResize=true", have: "liveResize=false" });
    expect(check({ "host.suspend": "false" })).toEqual({ need: "suspend=false", have: "suspend=true" });
  });

  it("takes a capability that a host does not tell of for none", () => {
    expect(check({ "host.rescue": "true" })).toEqual({ need: "rescue=true", have: "rescue=false" });
    expect(check({ "host.rescue": "false" })).toBe(true);
    expect(check({ "host.toString": "false" })).toBe(true);
  });

  it("leaves to AggregateFilter what aggregates say, and the other way round", () => {
    expect(check({ ssd: "true" })).toBe(true);
    const requires = { "host.cpuModel": "Opteron 6276" };
    expect(aggregateFilter.check(placementRequest({ requires }), host)).toBe(true);
  });
});
