import { describe, expect, it } from "vitest";
import { aggregateFilter } from "../../src/filters/aggregate-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("AggregateFilter", () => {
  const fast = placementRequest({ requires: { ssd: "true" } });

  it("keeps a host of which an aggregate says what is required", () => {
    expect(aggregateFilter.check(fast, hostView("a", { properties: { ssd: ["false", "true"] } }))).toBe(true);
  });

  it("turns away a host of which none says so, or another thing", () => {
    expect(aggregateFilter.check(fast, hostView("a"))).toEqual({ need: "ssd=true", have: "no ssd" });
    const slow = hostView("a", { properties: { ssd: ["false", "maybe"] } });
    expect(aggregateFilter.check(fast, slow)).toEqual({ need: "ssd=true", have: "ssd=false,maybe" });
  });

  it("asks for every property, and for none that is not required", () => {
    const both = placementRequest({ requires: { ssd: "true", rack: "r1" } });
    const host = hostView("a", { properties: { ssd: ["true"], gpu: ["v100"] } });
    expect(aggregateFilter.check(both, host)).toMatchObject({ need: "rack=r1" });
    const odd = placementRequest({ requires: { constructor: "true" } });
    expect(aggregateFilter.check(odd, host)).toEqual({ need: "constructor=true", have: "no constructor" });
    expect(aggregateFilter.check(placementRequest(), host)).toBe(true);
  });
});
