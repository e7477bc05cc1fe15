import { defineFilter, defineWeigher, isCloudHostError, type InputIssue } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { filterScheduler } from "../src/filter-scheduler.ts";
import { defaultFilters } from "../src/filters/catalogue.ts";
import type { FilterSchedulerOptions } from "../src/options.ts";
import { candidatesOf, fleetOf, hostView, placementRequest } from "./fixtures.ts";

const oddFilter = defineFilter({
  name: "OddFilter",
  reads: { request: [], host: ["name"] },
  check: (_request, host) => Number(host.name.at(-1)) % 2 === 1 || { need: "odd", have: "even" },
});

const hosts = [1, 2, 3, 4].map((number) => hostView(`host-${number}`));

const orderBy = (weighers: FilterSchedulerOptions["weighers"] & object) =>
  candidatesOf(fleetOf(filterScheduler({ weighers }), hosts), placementRequest()).map((id) => Number(id.at(-1)));

describe("filterScheduler", () => {
  it("asks every built-in filter by default, each known by its own name", () => {
    const names = filterScheduler()
      .openFleet()
      .explain(placementRequest())
      .filters.map(({ filter }) => filter);
    expect(names).toEqual(Object.keys(defaultFilters));
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

  it("keeps a host that one of several filters keeps, and says what all of them missed", () => {
    const small = hostView("host-6", { zone: "az-2", free: { memoryMib: 1 } });
    const large = hostView("host-7", { zone: "az-2" });
    const fleet = fleetOf(
      filterScheduler({ filters: [oddFilter], chain: [["or", "OddFilter", "RamFilter"], "AvailabilityZoneFilter"] }),
      [...hosts, small, large],
    );
    const request = placementRequest({ zone: "az-2", resources: { memoryMib: 2 } });
    expect(candidatesOf(fleet, request)).toEqual(["hst_host-7"]);
    expect(fleet.explain(request).filters).toMatchObject([
      {
        filter: "OddFilter or RamFilter",
        of: 6,
        hosts: [{ host: "host-6", need: "odd or 2 MiB", have: "even and 1 MiB" }],
      },
      { filter: "AvailabilityZoneFilter", of: 5, refused: 4 },
    ]);
  });

  it("adds up the weighers, each times its multiplier", () => {
    const last = defineWeigher({
      name: "LastWeigher",
      reads: { request: [], host: ["name"] },
      weigh: (_request, host) => Number(host.name.at(-1)) / 10,
    });
    expect(orderBy([last])).toEqual([4, 3, 2, 1]);
    expect(orderBy([{ weigher: last, multiplier: -1 }, "PackingWeigher"])).toEqual([1, 2, 3, 4]);
  });

  it("makes fleets that know nothing of each other", () => {
    const scheduler = filterScheduler();
    fleetOf(scheduler, hosts);
    expect(scheduler.openFleet().explain(placementRequest()).hosts).toBe(0);
  });
});

function faultsOf(options: unknown): readonly InputIssue[] {
  try {
    filterScheduler(options as FilterSchedulerOptions);
  } catch (error) {
    if (isCloudHostError(error, "INVALID_ARGUMENT")) return error.details.issues;
    throw error;
  }
  return [];
}

describe("the options of filterScheduler", () => {
  it.each<[what: string, options: unknown, path: string, message: RegExp]>([
    [
      "a filter that is not there",
      { chain: ["RamFilter", "CoreFilter"] },
      "chain.1",
      /there is no filter CoreFilter: there is ComputeFilter, /,
    ],
    ["a parameter the filter does not take", { chain: [{ filter: "RamFilter", ratio: 1 }] }, "chain.0", /ratio/],
    [
      "a parameter of another type",
      { chain: [{ filter: "AvailabilityZoneFilter", defaultZone: 1 }] },
      "chain.0.defaultZone",
      /string/,
    ],
    ["an entry that is neither name nor object", { chain: [7] }, "chain.0", /object/],
    ["a filter twice", { chain: ["RamFilter", "RamFilter"] }, "chain.1", /RamFilter stands in the chain twice/],
    ["one alternative alone", { chain: [["or", "RamFilter"]] }, "chain.0", /there must be two at least/],
    [
      "alternatives without their word",
      { chain: [["RamFilter", "DiskFilter", "ECUFilter"]] },
      "chain.0.0",
      /the word or/,
    ],
    [
      "an alternative that is not there",
      { chain: [["or", "RamFilter", ["or", "DiskFilter", "CoreFilter"]]] },
      "chain.0.2.2",
      /there is no filter CoreFilter/,
    ],
    ["an empty chain", { chain: [] }, "chain", /without a filter/],
    [
      "a filter of your own that the chain does not name",
      { filters: [oddFilter], chain: ["RamFilter"] },
      "filters.0",
      /OddFilter does not stand in the chain/,
    ],
    [
      "a filter of your own under a built-in name",
      { filters: [{ ...oddFilter, name: "RamFilter" }] },
      "filters.0.name",
      /there is another filter RamFilter/,
    ],
    ["a filter that is none", { filters: ["OddFilter"] }, "filters.0", /make it with defineFilter/],
    [
      "a weigher that is not there",
      { weighers: ["LastWeigher"] },
      "weighers.0.weigher",
      /there is no weigher LastWeigher: there is PackingWeigher, SpreadWeigher, /,
    ],
    ["a weigher that is none", { weighers: [{ weigher: 3 }] }, "weighers.0.weigher", /make it with defineWeigher/],
    ["an option that is not there", { filter: [] }, "", /filter/],
  ])("refuse %s", (_what, options, path, message) => {
    const faults = faultsOf(options);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ path });
    expect(faults[0]?.message).toMatch(message);
  });

  it("are told of every fault at once", () => {
    expect(faultsOf({ chain: ["A", "RamFilter", "B"] }).map(({ path }) => path)).toEqual(["chain.0", "chain.2"]);
  });
});
