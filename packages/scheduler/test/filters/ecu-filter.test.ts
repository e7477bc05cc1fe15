import { describe, expect, it } from "vitest";
import { ecuFilter } from "../../src/filters/ecu-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("ECUFilter", () => {
  const request = placementRequest({ resources: { milliEcu: 4000 } });

  it("keeps a host with just enough free", () => {
    expect(ecuFilter.check(request, hostView("host-1", { free: { milliEcu: 4000 } }))).toBe(true);
  });

  it("turns away a host that lacks one, whatever it has in total", () => {
    const host = hostView("host-1", { free: { milliEcu: 3999 } });
    expect(ecuFilter.check(request, host)).toEqual({ need: 4000, have: 3999, unit: "mEUCU" });
  });
});
