import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuBudget } from "../../src/ports/cpu-budget.ts";

const e5 = { milliEcuPerCore: 4000 };
const opteron = { milliEcuPerCore: 3000 };

describe("cpuBudget", () => {
  it.each([
    ["c2.e4 on an E5-2650", { vcpus: 2, milliEcuPerVcpu: 2000 }, e5, 4096, 50_000],
    ["c2.e4 on an Opteron 6276", { vcpus: 2, milliEcuPerVcpu: 2000 }, opteron, 4096, 66_667],
    ["1 vCPU × 1 EUCU on an E5-2650", { vcpus: 1, milliEcuPerVcpu: 1000 }, e5, 1024, 25_000],
    ["1 vCPU × 4 EUCU, a whole core", { vcpus: 1, milliEcuPerVcpu: 4000 }, e5, 4096, 100_000],
    ["1 vCPU × 0.25 EUCU", { vcpus: 1, milliEcuPerVcpu: 250 }, e5, 256, 6250],
  ])("%s", (_, guest, host, shares, quotaUsPerVcpu) => {
    expect(cpuBudget(guest, host)).toEqual({ shares, periodUs: 100_000, quotaUsPerVcpu });
  });

  it("corrects the quota by what calibration found, and not the shares", () => {
    const corrected = cpuBudget({ vcpus: 2, milliEcuPerVcpu: 2000 }, e5, 1.1);
    expect(corrected).toEqual({ shares: 4096, periodUs: 100_000, quotaUsPerVcpu: 55_000 });
  });

  it("stays within what the kernel takes, and gives more for more", () => {
    const vcpus = fc.integer({ min: 1, max: 512 });
    const milliEcuPerVcpu = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(vcpus, milliEcuPerVcpu, fc.integer({ min: 1, max: 10_000 }), (count, each, milliEcuPerCore) => {
        const host = { milliEcuPerCore };
        const budget = cpuBudget({ vcpus: count, milliEcuPerVcpu: each }, host);
        expect(budget.shares).toBeGreaterThanOrEqual(2);
        expect(budget.quotaUsPerVcpu).toBeGreaterThanOrEqual(1000);
        const larger = cpuBudget({ vcpus: count, milliEcuPerVcpu: each + 1 }, host);
        expect(larger.shares).toBeGreaterThanOrEqual(budget.shares);
        expect(larger.quotaUsPerVcpu).toBeGreaterThanOrEqual(budget.quotaUsPerVcpu);
      }),
    );
  });
});
