import { describe, expect, it } from "vitest";
import { addressChecks, cpuChecks, pinningChecks, trafficCheck } from "../../src/libvirt/read-back.ts";

const budget = { shares: 12_288, periodUs: 100_000, quotaUsPerVcpu: 25_000 };
const group = "/sys/fs/cgroup/cpu/machine/qemu-1";
const holds = (checks: readonly { readonly holds: boolean }[]): boolean[] => checks.map((check) => check.holds);

describe("what the kernel says", () => {
  it("holds when shares, period and quota are as the formula has them", () => {
    const found = { version: "v1" as const, shares: 12_288, periodUs: 100_000, quotaUs: 25_000, group };
    expect(cpuChecks(budget, found)).toEqual([
      { what: "cpu.shares", expected: "12288", found: "12288", holds: true, from: group },
      { what: "period, µs", expected: "100000", found: "100000", holds: true, from: `${group}/vcpu0` },
      { what: "quota of each vCPU, µs", expected: "25000", found: "25000", holds: true, from: `${group}/vcpu0` },
    ]);
    expect(holds(cpuChecks(budget, { ...found, quotaUs: -1 }))).toEqual([true, true, false]);
  });

  it("is a weight on cgroup v2, onto whose range shares are scaled", () => {
    const found = { version: "v2" as const, shares: 469, periodUs: 100_000, quotaUs: 25_000, group };
    expect(cpuChecks(budget, found)[0]).toMatchObject({ what: "cpu.weight", expected: "469", holds: true });
  });

  it("names each vCPU that runs elsewhere", () => {
    const seen = { vcpus: ["1-3", "0-3"], emulator: "0" };
    expect(holds(pinningChecks({ guests: "1-3", own: "0" }, seen, 7))).toEqual([true, false, true]);
  });

  it("allows a class what the kernel rounds, and nothing more", () => {
    const bought = { rateKbit: 8000, ceilKbit: 32_000 };
    const check = (rateKbit: number) =>
      trafficCheck("internal, sends", bought, "ch-int-out", { id: "1:10", ...bought, rateKbit });
    expect(check(8000)).toEqual({
      what: "internal, sends",
      from: "tc, ch-int-out class 1:10",
      expected: "8 Mb/s, at most 32 Mb/s",
      found: "8 Mb/s, at most 32 Mb/s",
      holds: true,
    });
    expect(holds([check(8007), check(8100)])).toEqual([true, false]);
    expect(trafficCheck("internal, sends", bought, "ch-int-out", undefined)).toMatchObject({
      found: "no class",
      holds: false,
    });
  });

  it("has the address that the kernel was told", () => {
    const addresses = [{ nicId: "nic_1", network: "fixed", address: "198.18.0.2", mac: "02:00:00:00:00:01" }];
    const words = ["qemu", "-append", "console=ttyS0 cloudhost.address=198.18.0.2/16 cloudhost.gateway=198.18.0.1"];
    expect(holds(addressChecks({ addresses }, words, 7))).toEqual([true]);
    expect(addressChecks({ addresses }, ["qemu"], 7)).toMatchObject([{ found: "none", holds: false }]);
  });
});
