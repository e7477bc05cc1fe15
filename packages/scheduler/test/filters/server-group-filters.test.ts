import type { PlacementGroup } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { serverGroupAffinityFilter } from "../../src/filters/server-group-affinity-filter.ts";
import { serverGroupAntiAffinityFilter } from "../../src/filters/server-group-anti-affinity-filter.ts";
import { hostView, placementRequest } from "../fixtures.ts";

const here = hostView("here");
const there = hostView("there");
const inGroups = (...groups: PlacementGroup[]) => placementRequest({ groups });

describe("ServerGroupAntiAffinityFilter", () => {
  const apart: PlacementGroup = { name: "db", policy: "anti-affinity", hostIds: [here.id] };

  it("turns away a host that has a server of the group", () => {
    expect(serverGroupAntiAffinityFilter.check(inGroups(apart), here)).toEqual({
      need: "no server of group db",
      have: "one",
    });
  });

  it("keeps a host that has none", () => {
    expect(serverGroupAntiAffinityFilter.check(inGroups(apart), there)).toBe(true);
  });

  it("looks at every group", () => {
    const also: PlacementGroup = { name: "web", policy: "anti-affinity", hostIds: [there.id] };
    expect(serverGroupAntiAffinityFilter.check(inGroups(apart, also), there)).toMatchObject({
      need: "no server of group web",
    });
  });

  it("leaves affinity groups to the other filter", () => {
    expect(serverGroupAntiAffinityFilter.check(inGroups({ ...apart, policy: "affinity" }), here)).toBe(true);
  });
});

describe("ServerGroupAffinityFilter", () => {
  const together: PlacementGroup = { name: "cache", policy: "affinity", hostIds: [here.id] };

  it("keeps a host that has a server of the group", () => {
    expect(serverGroupAffinityFilter.check(inGroups(together), here)).toBe(true);
  });

  it("turns away a host that has none", () => {
    expect(serverGroupAffinityFilter.check(inGroups(together), there)).toEqual({
      need: "a server of group cache",
      have: "none",
    });
  });

  it("keeps every host for the first server of a group", () => {
    expect(serverGroupAffinityFilter.check(inGroups({ ...together, hostIds: [] }), there)).toBe(true);
  });

  it("leaves anti-affinity groups to the other filter", () => {
    expect(serverGroupAffinityFilter.check(inGroups({ ...together, policy: "anti-affinity" }), there)).toBe(true);
  });
});
