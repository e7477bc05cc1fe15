import { describe, expect, it } from "vitest";
import { diskFilter } from "../../src/filters/disk-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("DiskFilter", () => {
  const request = placementRequest({ resources: { diskGib: 40 } });

  it("keeps a host with just enough free", () => {
    expect(diskFilter.check(request, hostView("host-1", { free: { diskGib: 40 } }))).toBe(true);
  });

  it("turns away a host that lacks one, whatever it has in total", () => {
    const host = hostView("host-1", { free: { diskGib: 39 } });
    expect(diskFilter.check(request, host)).toEqual({ need: 40, have: 39, unit: "GiB" });
  });
});
