import { CloudHostError, defineFilter, defineWeigher, explanationText } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { filterScheduler } from "../src/filter-scheduler.ts";
import { candidatesOf, fleetOf, hostView, placementRequest } from "./fixtures.ts";

describe("a fleet", () => {
  it("offers up to ten hosts, the fullest that fits first", () => {
    const hosts = Array.from({ length: 15 }, (_, index) =>
      hostView(`host-${index}`, { free: { milliEcu: 60_000 - index * 4000 } }),
    );
    const candidates = candidatesOf(fleetOf(filterScheduler(), hosts), placementRequest());
    expect(candidates).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5].map((number) => `hst_host-${number}`));
  });

  it("answers the same request alike, whatever the order in which the hosts came", () => {
    const hosts = Array.from({ length: 30 }, (_, index) => hostView(`host-${index}`));
    const request = placementRequest({ seed: "op_7" });
    const one = candidatesOf(fleetOf(filterScheduler(), hosts), request);
    expect(candidatesOf(fleetOf(filterScheduler(), hosts.toReversed()), request)).toEqual(one);
    expect(candidatesOf(fleetOf(filterScheduler(), hosts), { ...request, seed: "op_8" })).not.toEqual(one);
  });

  it("sees a host as the latest change made it, and no host that is gone", () => {
    const fleet = fleetOf(filterScheduler(), [hostView("a"), hostView("b")]);
    fleet.apply([{ kind: "host", host: hostView("a", { enabled: false }) }], 2);
    expect(candidatesOf(fleet, placementRequest())).toEqual(["hst_b"]);
    fleet.apply([{ kind: "noHost", hostId: "hst_b" }], 3);
    expect(fleet.decide(placementRequest())).toMatchObject({ refusal: { hosts: 1 }, revision: 3 });
  });

  it("passes over changes older than what it knows", () => {
    const fleet = fleetOf(filterScheduler(), []);
    fleet.apply([{ kind: "host", host: hostView("a", { enabled: false }) }], 5);
    fleet.apply([{ kind: "host", host: hostView("a") }], 4);
    expect(fleet.revision).toBe(5);
    expect(candidatesOf(fleet, placementRequest())).toEqual([]);
  });

  it("is not touched by what becomes of the values it was given", () => {
    const free = { ...hostView("a").free };
    const fleet = fleetOf(filterScheduler(), [{ ...hostView("a"), free }]);
    free.milliEcu = 0;
    expect(candidatesOf(fleet, placementRequest())).toEqual(["hst_a"]);
  });

  it("gives rules 0 of a resource that a host does not report or a request does not name", () => {
    const seen: unknown[] = [];
    const gpuFilter = defineFilter({
      name: "GpuFilter",
      reads: { request: ["resources"], host: ["free"] },
      check: (request, host) => {
        seen.push([{ ...request.resources }["gpu" as "milliEcu"], { ...host.free }["gpu" as "milliEcu"]]);
        return true;
      },
    });
    const fleet = fleetOf(filterScheduler({ filters: [gpuFilter] }), [hostView("plain")]);
    fleet.decide(placementRequest({ resources: { gpu: 2 } }));
    fleet.apply([{ kind: "host", host: hostView("rich", { free: { gpu: 4 } }) }], 2);
    fleet.decide(placementRequest());
    expect(seen.slice(0, 2)).toEqual([
      [2, 0],
      [2, 0],
    ]);
    expect(new Set(seen.slice(2))).toEqual(
      new Set([
        [0, 0],
        [0, 4],
      ]),
    );
  });

  it("never places a declared resource that a host has too little of, without a filter for it", () => {
    const fleet = fleetOf(filterScheduler(), [hostView("a", { free: { gpu: 1 } }), hostView("b")]);
    expect(candidatesOf(fleet, placementRequest({ resources: { gpu: 1 } }))).toEqual(["hst_a"]);
    expect(candidatesOf(fleet, placementRequest({ resources: { gpu: 2 } }))).toEqual([]);
    expect(candidatesOf(fleet, placementRequest({ resources: { constructor: 1 } }))).toEqual([]);
  });
});

describe("a refusal", () => {
  const hosts = [
    hostView("host-1", { free: { milliEcu: 1000 } }),
    hostView("host-2", { free: { milliEcu: 3000 } }),
    hostView("host-3", { free: { internalKbit: 2000 } }),
    hostView("host-4", { state: "down" }),
    hostView("host-5", { zone: "az-2" }),
  ];
  const request = placementRequest({ zone: "az-1" });

  it("says of each filter how many hosts it turned away, and why, down to the host", () => {
    const decision = fleetOf(filterScheduler(), hosts).decide(request);
    if (!("refusal" in decision)) throw new Error("it was placed");
    expect(decision.refusal).toMatchObject({
      server: { name: "web-1", vcpus: 2, resources: { milliEcu: 4000 }, zone: "az-1" },
      hosts: 5,
      passed: 0,
    });
    expect(decision.refusal.filters.filter(({ refused }) => refused > 0)).toEqual([
      {
        filter: "ComputeFilter",
        of: 5,
        refused: 1,
        hosts: [{ host: "host-4", need: "state up", have: "state down" }],
      },
      { filter: "AvailabilityZoneFilter", of: 4, refused: 1, hosts: [{ host: "host-5", need: "az-1", have: "az-2" }] },
      {
        filter: "ECUFilter",
        of: 3,
        refused: 2,
        hosts: [
          { host: "host-2", need: 4000, have: 3000, unit: "mEUCU" },
          { host: "host-1", need: 4000, have: 1000, unit: "mEUCU" },
        ],
      },
      {
        filter: "NetworkFilter",
        of: 1,
        refused: 1,
        hosts: [{ host: "host-3", need: 8000, have: 2000, unit: "kbit/s", resource: "internalKbit" }],
      },
    ]);
  });

  it("reads well", () => {
    const text = explanationText(fleetOf(filterScheduler(), hosts).explain(request));
    expect(text).toBe(
      [
        "No host can take web-1 (2 vCPUs, 4 EUCU, 4 GiB, in az-1).",
        "  ComputeFilter           turned away 1 of 5: nearest host-4 has state down, needs state up",
        "  AvailabilityZoneFilter  turned away 1 of 4: nearest host-5 has az-2, needs az-1",
        "  ECUFilter               turned away 2 of 3: nearest host-2 has 3 EUCU, lacks 1",
        "  NetworkFilter           turned away 1 of 1: nearest host-3 has 2 Mbit/s internal, lacks 6",
      ].join("\n"),
    );
  });

  it("names the host that lacks least first, and reasons in words last", () => {
    const mixed = defineFilter({
      name: "MixedFilter",
      reads: { request: [], host: ["name"] },
      check: (_request, host) =>
        host.name.startsWith("w") ? { need: "this", have: "that" } : { need: 10, have: Number(host.name) },
    });
    const fleet = fleetOf(
      filterScheduler({ filters: [mixed], chain: ["MixedFilter"] }),
      ["w2", "1", "w1", "9", "5"].map((name) => hostView(name)),
    );
    expect(fleet.explain(request).filters[0]?.hosts.map(({ host }) => host)).toEqual(["9", "5", "1", "w1", "w2"]);
  });

  it("of a fleet without hosts says so", () => {
    expect(filterScheduler().openFleet().decide(request)).toMatchObject({ refusal: { hosts: 0, passed: 0 } });
  });
});

function failureOf(options: Parameters<typeof filterScheduler>[0]): CloudHostError {
  try {
    fleetOf(filterScheduler(options), [hostView("host-1")]).decide(placementRequest());
  } catch (error) {
    if (error instanceof CloudHostError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}

describe("a rule that fails", () => {
  const reads = { request: [], host: [] } as const;

  it("is named, with what it threw", () => {
    const cause = new Error("no table");
    const check = () => {
      throw cause;
    };
    const failure = failureOf({ filters: [defineFilter({ name: "BadFilter", reads, check })] });
    expect(failure).toMatchObject({ code: "INTERNAL", message: "BadFilter threw on host host-1.", cause });
  });

  it("is named when it weighs with no number", () => {
    const failure = failureOf({ weighers: [defineWeigher({ name: "BadWeigher", reads, weigh: () => Number.NaN })] });
    expect(failure).toMatchObject({ code: "INTERNAL", message: "BadWeigher gave NaN on host host-1." });
  });

  it("is one that changes a host", () => {
    const greedy = defineFilter({
      name: "GreedyFilter",
      reads,
      check: (_request, host) => {
        (host.free as { milliEcu: number }).milliEcu = 0;
        return true;
      },
    });
    expect(failureOf({ filters: [greedy] }).message).toBe("GreedyFilter threw on host host-1.");
  });
});
