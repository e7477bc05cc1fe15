import { describe, expect, it } from "vitest";
import { ecuPerCoreFilter } from "../../src/filters/ecu-per-core-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("EcuPerCoreFilter", () => {
  const request = placementRequest({ vcpus: 1, milliEcuPerVcpu: 4000 });

  it("keeps an E5-2650 for 1 vCPU × 4 EUCU", () => {
    expect(ecuPerCoreFilter.check(request, hostView("intel", { milliEcuPerCore: 4000 }))).toBe(true);
  });

  it("turns away an Opteron 6276, of which a core has 3", () => {
    const host = hostView("amd", { milliEcuPerCore: 3000 });
    expect(ecuPerCoreFilter.check(request, host)).toEqual({ need: 4000, have: 3000, unit: "mEUCU" });
  });
});
