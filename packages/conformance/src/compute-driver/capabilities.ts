import { cpuBudget, extensionMethods, noExtensions } from "@cloudhost/core/ports";
import type { ComputeCapabilities } from "@cloudhost/core/ports";
import { assert, expect, it } from "vitest";
import { eachCase, stateOf } from "./case.ts";
import type { OpenComputeSubject } from "./case.ts";

/** Each flag is believed and tested for what it says, or for its opposite: a driver cannot claim one and be the other. */
export function capabilitiesSuite(open: OpenComputeSubject): void {
  it(
    "stand fixed from one opening to the next",
    eachCase(open, async ({ driver, reopen }) => {
      const before = { ...driver.capabilities };
      const reopened = await reopen();
      expect(reopened.capabilities).toEqual(before);
      for (const flag of ["cpuQuota", "guestReady", "directBoot", ...Object.keys(noExtensions)]) {
        expect(typeof before[flag as keyof ComputeCapabilities]).toBe("boolean");
      }
    }),
  );

  it(
    "cpuQuota: the kernel holds the guest to its EUCU",
    eachCase(open, async ({ driver, guest, host, skip }) => {
      skip(!driver.capabilities.cpuQuota, "the driver has no quota");
      assert(host.cpuBudget !== undefined, "The driver claims cpuQuota: the subject has to read the budget back.");
      await driver.define(guest);
      await driver.start(guest.id);
      const { periodUs, quotaUsPerVcpu } = cpuBudget(guest, await driver.inventory());
      // Shares are not compared: cgroup v2 weighs on a scale of its own.
      expect(await host.cpuBudget(guest.id)).toMatchObject({ periodUs, quotaUsPerVcpu });
    }),
  );

  it(
    "directBoot: starts a kernel",
    eachCase(open, async ({ driver, guest, boot, skip }) => {
      skip(!driver.capabilities.directBoot, "the driver starts no kernel directly");
      await driver.define({ ...guest, boot });
      await driver.start(guest.id);
      expect(await stateOf(driver, guest)).toMatchObject({ power: "running" });
    }),
  );

  it(
    "directBoot: refuses a kernel that it would not start",
    eachCase(open, async ({ driver, guest, boot, skip }) => {
      skip(driver.capabilities.directBoot, "the driver can start a kernel directly");
      await expect(driver.define({ ...guest, boot })).rejects.toMatchObject({ code: "UNSUPPORTED" });
      expect(await stateOf(driver, guest)).toBeUndefined();
    }),
  );

  it(
    "each and its methods are there together, or not at all",
    eachCase(open, async ({ driver }) => {
      const promised = new Set<string>();
      for (const [capability, methods] of Object.entries(extensionMethods)) {
        if (driver.capabilities[capability as keyof typeof extensionMethods])
          for (const method of methods) promised.add(method);
      }
      const methods = new Set(Object.values(extensionMethods).flat());
      const present = [...methods].filter((method) => typeof driver[method] === "function");
      expect(new Set(present)).toEqual(promised);
    }),
  );
}
