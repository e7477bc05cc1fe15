import { defineFilter, defineWeigher, isCloudHostError, type InputIssue } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { filterScheduler } from "../src/filter-scheduler.ts";
import { builtInFilters } from "../src/filters/catalogue.ts";
import type { FilterSchedulerOptions } from "../src/options.ts";
import { candidatesOf, fleetOf, hostView, placementRequest } from "./fixtures.ts";

const oddFilter = defineFilter({
  name: "OddFilter",
  reads: { request: [], host: ["name"] },
  check: (_request, host) => Number(host.name.at(-1)) % 2 === 1 || { need: "odd", have: "even" },
});

describe("filterScheduler", () => {
  const hosts = [1, 2, 3, 4].map((number) => hostView(`host-${number}`));

  it("asks every built-in filter by default, each known by its own name", () => {
    const names = filterScheduler()
      .openFleet()
      .explain(placementRequest())
      .filters.map(({ filter }) => filter);
    expect(names).toEqual(Object.keys(builtInFilters));
  });

  it("asks your own filters after the built-in ones and before the one that guards all resources", () => {
    const fleet = filterScheduler({ filters: [oddFilter] }).openFleet();
    expect(
      fleet
        .explain(placementRequest())
        .filters.map(({ filter }) => filter)
        .slice(-2),
    ).toEqual(["OddFilter", "ResourceFilter"]);
  });

  it("asks the filters that a chain names, in its order, with its parameters", () => {
    const fleet = fleetOf(
      filterScheduler({
        filters: [oddFilter],
        chain: ["OddFilter", { filter: "AvailabilityZoneFilter", defaultZone: "az-2" }],
      }),
      [...hosts, hostView("host-5", { zone: "az-2" })],
    );
    expect(candidatesOf(fleet, placementRequest())).toEqual(["hst_host-5"]);
    expect(fleet.explain(placementRequest()).filters).toMatchObject([
      { filter: "OddFilter", of: 5, refused: 2 },
      { filter: "AvailabilityZoneFilter", of: 3, refused: 2 },
    ]);
  });

  it("adds up the weighers, each times its multiplier", () => {
    const last = defineWeigher({
      name: "LastWeigher",
      reads: { request: [], host: ["name"] },
      weigh: (_request, host) => Number(host.name.at(-1)) / 10,
    });
    const order = (weighers: FilterSchedulerOptions["weighers"] & object) =>
      candidatesOf(fleetOf(filterScheduler({ weighers }), hosts), placementRequest()).map((id) => Number(id.at(-1)));
    expect(order([last])).toEqual([4, 3, 2, 1]);
    expect(order([{ weigher: last, multiplier: -1 }, "PackingWeigher"])).toEqual([1, 2, 3, 4]);
  });

  it("makes fleets that know nothing of each other", () => {
    const scheduler = filterScheduler();
    fleetOf(scheduler, hosts);
    expect(scheduler.openFleet().explain(placementRequest()).hosts).toBe(0);
  });
});

describe("the options of filterScheduler", () => {
  function faultsOf(options: unknown): readonly InputIssue[] {
    try {
      filterScheduler(options as FilterSchedulerOptions);
    } catch (error) {
      if (isCloudHostError(error, "INVALID_ARGUMENT")) return error.details.issues;
      throw error;
    }
    return [];
  }

  it.each<[string, unknown, InputIssue]>([
    [
      "a filter that is not there",
      { chain: ["RamFilter", "CoreFilter"] },
      { path: "chain.1", message: expect.stringContaining("there is no filter CoreFilter: there is ComputeFilter, ") },
    ],
    [
      "a parameter that the filter does not take",
      { chain: [{ filter: "RamFilter", ratio: 1.5 }] },
      { path: "chain.0", message: expect.stringContaining("ratio") },
    ],
    [
      "a parameter of another type",
      { chain: [{ filter: "AvailabilityZoneFilter", defaultZone: 1 }] },
      { path: "chain.0.defaultZone", message: expect.stringContaining("string") },
    ],
    [
      "an entry that is neither name nor object",
      { chain: [7] },
      { path: "chain.0", message: expect.stringContaining("object") },
    ],
    [
      "a filter twice",
      { chain: ["RamFilter", "RamFilter"] },
      { path: "chain.1", message: "RamFilter stands in the chain twice" },
    ],
    ["an empty chain", { chain: [] }, { path: "chain", message: expect.stringContaining("without a filter") }],
    [
      "a filter of your own that the chain does not name",
      { filters: [oddFilter], chain: ["RamFilter"] },
      { path: "filters.0", message: "OddFilter does not stand in the chain" },
    ],
    [
      "a filter of your own under a built-in name",
      { filters: [{ ...oddFilter, name: "RamFilter" }] },
      { path: "filters.0.name", message: "there is another filter RamFilter" },
    ],
    [
      "a filter that is none",
      { filters: ["OddFilter"] },
      { path: "filters.0", message: "not a filter: make it with defineFilter()" },
    ],
    [
      "a weigher that is not there",
      { weighers: ["SpreadWeigher"] },
      { path: "weighers.0.weigher", message: "there is no weigher SpreadWeigher: there is PackingWeigher" },
    ],
    [
      "a weigher that is none",
      { weighers: [{ weigher: 3 }] },
      { path: "weighers.0.weigher", message: "not a weigher: make it with defineWeigher()" },
    ],
    ["an option that is not there", { filter: [] }, { path: "", message: expect.stringContaining("filter") }],
  ])("refuse %s", (_what, options, issue) => {
    expect(faultsOf(options)).toContainEqual(issue);
  });

  it("are told of every fault at once", () => {
    expect(faultsOf({ chain: ["A", "RamFilter", "B"] }).map(({ path }) => path)).toEqual(["chain.0", "chain.2"]);
  });
});
