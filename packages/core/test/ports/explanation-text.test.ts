import { describe, expect, it } from "vitest";
import { explanationText } from "../../src/ports/explanation-text.ts";
import type { PlacementExplanation } from "../../src/ports/scheduler.ts";

const big: PlacementExplanation = {
  server: { name: "big", vcpus: 8, resources: { milliEcu: 32_000, memoryMib: 16_384 } },
  hosts: 20,
  passed: 0,
  filters: [
    { filter: "ComputeFilter", of: 20, refused: 0, hosts: [] },
    {
      filter: "ECUFilter",
      of: 20,
      refused: 14,
      hosts: [
        { host: "host-7", need: 32_000, have: 30_000, unit: "mEUCU" },
        { host: "host-1", need: 32_000, have: 0, unit: "mEUCU" },
      ],
    },
    {
      filter: "RamFilter",
      of: 6,
      refused: 6,
      hosts: [{ host: "host-2", need: 16_896, have: 12_288, unit: "MiB" }],
    },
  ],
};

describe("explanationText", () => {
  it("says who turned away how many, and which of them lacked least", () => {
    expect(explanationText(big)).toBe(
      [
        "No host can take big (8 vCPUs, 32 EUCU, 16 GiB).",
        "  ECUFilter  turned away 14 of 20: nearest host-7 has 30 EUCU, lacks 2",
        "  RamFilter  turned away 6 of 6: nearest host-2 has 12 GiB, lacks 4.5",
      ].join("\n"),
    );
  });

  it("says that there is no host at all", () => {
    const none = { ...big, hosts: 0, filters: [], server: { ...big.server, vcpus: 1, zone: "az-9" } };
    expect(explanationText(none)).toBe("No host can take big (1 vCPU, 32 EUCU, 16 GiB, in az-9): there is none.");
  });

  it("says how many can", () => {
    expect(explanationText({ ...big, passed: 3, filters: [] })).toBe(
      "3 of 20 hosts can take big (8 vCPUs, 32 EUCU, 16 GiB).",
    );
  });

  it("names the resource where a filter looks at several, and words as they are", () => {
    const filters: PlacementExplanation["filters"] = [
      {
        filter: "NetworkFilter",
        of: 2,
        refused: 1,
        hosts: [{ host: "host-1", need: 60_000, have: 50_500, unit: "kbit/s", resource: "externalKbit" }],
      },
      { filter: "GpuFilter", of: 1, refused: 1, hosts: [{ host: "host-2", need: 2, have: 1, resource: "gpu" }] },
      {
        filter: "AvailabilityZoneFilter",
        of: 3,
        refused: 1,
        hosts: [{ host: "host-3", need: "az-2", have: "az-1" }],
      },
    ];
    expect(
      explanationText({ ...big, filters })
        .split("\n")
        .slice(1),
    ).toEqual([
      "  NetworkFilter           turned away 1 of 2: nearest host-1 has 50.5 Mbit/s external, lacks 9.5",
      "  GpuFilter               turned away 1 of 1: nearest host-2 has 1 gpu, lacks 1",
      "  AvailabilityZoneFilter  turned away 1 of 3: nearest host-3 has az-1, needs az-2",
    ]);
  });
});
