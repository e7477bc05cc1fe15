import { describe, expect, it } from "vitest";
import { HostReserve, memoryClaimMib, milliEcuPerCoreOf, resourcesOf } from "../../src/ports/host.ts";
import { inventory } from "../support/fleet.ts";

describe("milliEcuPerCoreOf", () => {
  it.each([
    ["Intel(R) Xeon(R) CPU E5-2650 0 @ 2.00GHz", 4000],
    ["AMD Opteron(TM) Processor 6276", 3000],
    ["AMD Opteron(tm) Processor 6276                 ", 3000],
  ])("knows %s", (model, milliEcu) => expect(milliEcuPerCoreOf(model)).toBe(milliEcu));

  it.each([
    "Intel(R) Xeon(R) CPU E5-2650 v2 @ 2.60GHz",
    "Intel(R) Xeon(R) CPU E5-2650 v3 @ 2.30GHz",
    "Intel(R) Xeon(R) CPU E5-2650 v4 @ 2.20GHz",
    "Intel(R) Xeon(R) CPU E5-2650L 0 @ 1.80GHz",
    "AMD Opteron(TM) Processor 6274",
    "AMD EPYC 7763 64-Core Processor",
    "",
  ])("gives no figure for %s: another model is not guessed", (model) => {
    expect(milliEcuPerCoreOf(model)).toBeUndefined();
  });
});

describe("memoryClaimMib", () => {
  it.each([
    [{ memoryMib: 4096, vcpus: 2 }, 4096 + 64 + 16 + 16],
    [{ memoryMib: 512, vcpus: 1 }, 512 + 64 + 8 + 2],
    [{ memoryMib: 1, vcpus: 1 }, 1 + 64 + 8 + 1],
  ])("of %o is %d MiB, the hypervisor's overhead in it", (guest, claim) => expect(memoryClaimMib(guest)).toBe(claim));
});

describe("a host's amounts", () => {
  it("are the built-in resources and those that its driver found", () => {
    expect(resourcesOf({ ...inventory, resources: { gpu: 2 } })).toEqual({
      milliEcu: 20_000,
      memoryMib: 10_240,
      diskGib: 100,
      internalKbit: 160_000,
      externalKbit: 100_000,
      gpu: 2,
    });
  });

  it("are after a reserve of a core, 2 GiB, 20 GiB and 100 Mb/s unless it is said", () => {
    expect(HostReserve.parse({})).toEqual({
      cores: 1,
      memoryMib: 2048,
      diskGib: 20,
      internalKbit: 100_000,
      externalKbit: 0,
    });
  });
});
