import { describe, expect, it } from "vitest";
import { placementText, reasonText } from "../../src/text/placement-text.ts";

const host = (name: string, percent: number) => ({ host: name, resource: "milliEcu", percent });
const elsewhere = (name: string) => ({ host: name, filter: "AvailabilityZoneFilter", need: "az-2", have: "az-1" });

describe("why a server went where it went", () => {
  it("says which host it fills the most", () => {
    expect(placementText({ candidates: [host("host-1", 8.33), host("host-2", 5.4)], turnedAway: [] })).toEqual([
      "fills host-1 to 8.3 % of its compute, and less of host-2: 5.4 % of its compute",
    ]);
  });

  it("says so when it fills several alike", () => {
    const candidates = [host("host-3", 2), host("host-1", 2), host("host-2", 1)];
    expect(placementText({ candidates, turnedAway: [] })).toEqual([
      "fills host-3 to 2 % of its compute, as it would host-1, so a seed decides, and less of host-2: 1 % of its compute",
    ]);
  });

  it("says why the others could not take it, those of one reason together", () => {
    const group = {
      host: "host-3",
      filter: "ServerGroupAntiAffinityFilter",
      need: "no server of group web",
      have: "one",
    };
    const turnedAway = [elsewhere("host-1"), elsewhere("host-4"), group];
    expect(placementText({ candidates: [host("host-2", 2)], turnedAway })).toEqual([
      "only host-2 can take it",
      "not host-1, host-4: in az-1; not host-3: has one of its group already",
    ]);
  });

  it("has nothing to say of a decision that another process made", () => {
    expect(placementText({ candidates: [], turnedAway: [] })).toEqual([]);
  });

  it.each([
    ["EcuPerCoreFilter", 4000, 3000, "mEUCU", "a core has 3 EUCU, a vCPU of this flavor needs 4 EUCU"],
    ["RamFilter", 8192, 1024, "MiB", "has 1 GiB, needs 8 GiB (RamFilter)"],
    ["GpuFilter", 2, 1, undefined, "has 1, needs 2 (GpuFilter)"],
    ["ComputeFilter", "up", "down", undefined, "has down, needs up (ComputeFilter)"],
  ])("tells what %s missed", (filter, need, have, unit, text) => {
    expect(reasonText({ host: "host-1", filter, need, have, ...(unit === undefined ? {} : { unit }) })).toBe(text);
  });
});
