import { describe, expect, it } from "vitest";
import { filterScheduler } from "../../src/filter-scheduler.ts";
import { hostView, placementRequest } from "../fixtures.ts";

describe("DedicatedHostsFilter", () => {
  const placed = (projectId: string, filter: object) => {
    const fleet = filterScheduler({
      chain: ["ComputeFilter", { filter: "DedicatedHostsFilter", ...filter }],
    }).openFleet();
    const hosts = [
      hostView("own", { properties: { project: ["album"] } }),
      hostView("shared", { properties: { project: ["album", "mail"], tenant: ["mail"] } }),
      hostView("free", { properties: { ssd: ["true"] } }),
    ];
    fleet.apply(
      hosts.map((host) => ({ kind: "host", host })),
      1,
    );
    const decision = fleet.decide(placementRequest({ projectId }));
    return "candidates" in decision ? decision.candidates.toSorted() : decision.refusal.filters.at(-1)?.hosts;
  };

  it("keeps dedicated hosts for the servers of their projects", () => {
    expect(placed("album", {})).toEqual(["hst_free", "hst_own", "hst_shared"]);
    expect(placed("mail", {})).toEqual(["hst_free", "hst_shared"]);
    expect(placed("tickets", {})).toEqual(["hst_free"]);
  });

  it("goes by another property where it is told so", () => {
    expect(placed("album", { property: "tenant" })).toEqual(["hst_free", "hst_own"]);
  });

  it("says whose a host is", () => {
    const fleet = filterScheduler({ chain: ["ComputeFilter", "DedicatedHostsFilter"] }).openFleet();
    fleet.apply([{ kind: "host", host: hostView("own", { properties: { project: ["album"] } }) }], 1);
    const { filters } = fleet.explain(placementRequest({ projectId: "mail" }));
    expect(filters.at(-1)?.hosts).toEqual([{ host: "own", need: "project=mail", have: "project=album" }]);
  });
});
