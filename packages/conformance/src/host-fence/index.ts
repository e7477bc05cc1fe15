import { describe } from "vitest";
import type { OpenHostFenceSubject } from "./case.ts";
import { fenceSuite } from "./fence.ts";
import { troubleSuite } from "./trouble.ts";

export type { HostFenceSubject, OpenHostFenceSubject } from "./case.ts";

/**
 * Proves a `HostFence`. Call it in a vitest file; your fence's own cases come after it.
 *
 * @param name of the device, for the report
 * @param open gives each case a fence, and two hosts that run
 * @example
 * describeHostFence("my power switch", () => openSubject());
 */
export function describeHostFence(name: string, open: OpenHostFenceSubject): void {
  describe(`${name} as a fence of hosts`, () => {
    describe("fencing", () => {
      fenceSuite(open);
    });
    describe("trouble", () => {
      troubleSuite(open);
    });
  });
}
