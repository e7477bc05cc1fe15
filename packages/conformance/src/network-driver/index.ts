import { describe } from "vitest";
import { applySuite } from "./apply.ts";
import { cancelSuite } from "./cancel.ts";
import { changesSuite } from "./changes.ts";
import { inventorySuite } from "./inventory.ts";
import { isolationSuite } from "./isolation.ts";
import { recoverSuite } from "./recover.ts";
import { removeSuite } from "./remove.ts";
import type { OpenNetworkSubject } from "./case.ts";

export type { NetworkObserver, NetworkSubject, OpenNetworkSubject } from "./case.ts";
export { networkOf, sampleBinding } from "./sample-network.ts";

/**
 * Proves a `NetworkDriver`. Call it in a vitest file; your driver's own cases come after it.
 *
 * @param name of what does the networking, for the report
 * @param open gives each case a driver on an empty host, and a view of the host past the driver
 * @example
 * describeNetworkDriver("my network", () => openSubject());
 */
export function describeNetworkDriver(name: string, open: OpenNetworkSubject): void {
  describe(`${name} as a network driver`, () => {
    describe("inventory", () => {
      inventorySuite(open);
    });
    describe("apply", () => {
      applySuite(open);
    });
    describe("changes", () => {
      changesSuite(open);
    });
    describe("removal", () => {
      removeSuite(open);
    });
    describe("isolation", () => {
      isolationSuite(open);
    });
    describe("recover", () => {
      recoverSuite(open);
    });
    describe("cancellation", () => {
      cancelSuite(open);
    });
  });
}
