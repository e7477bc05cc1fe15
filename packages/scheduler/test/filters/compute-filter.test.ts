import { describe, expect, it } from "vitest";
import { computeFilter } from "../../src/filters/compute-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

const check = (fields: Parameters<typeof hostView>[1]) =>
  computeFilter.check(placementRequest(), hostView("host-1", fields));

describe("ComputeFilter", () => {
  it("keeps a host that is up and enabled", () => {
    expect(check({})).toBe(true);
  });

  it.each(["suspect", "down"] as const)("turns away a host that is %s", (state) => {
    expect(check({ state })).toEqual({ need: "state up", have: `state ${state}` });
  });

  it("turns away a host that an operator closed for new servers", () => {
    expect(check({ enabled: false })).toEqual({ need: "state enabled", have: "state disabled" });
  });
});
