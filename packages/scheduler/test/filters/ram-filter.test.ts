import { describe, expect, it } from "vitest";
import { ramFilter } from "../../src/filters/ram-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("RamFilter", () => {
  const request = placementRequest({ resources: { memoryMib: 4096 } });

  it("keeps a host with just enough free", () => {
    expect(ramFilter.check(request, hostView("host-1", { free: { memoryMib: 4096 } }))).toBe(true);
  });

  it("turns away a host that lacks one, whatever it has in total", () => {
    const host = hostView("host-1", { free: { memoryMib: 4095 } });
    expect(ramFilter.check(request, host)).toEqual({ need: 4096, have: 4095, unit: "MiB" });
  });
});
