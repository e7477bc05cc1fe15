import { describe } from "vitest";
import { cancelSuite } from "./cancel.ts";
import type { OpenNotifierSubject } from "./case.ts";
import { deliverySuite } from "./delivery.ts";
import { troubleSuite } from "./trouble.ts";

export type { NotifierSubject, OpenNotifierSubject, ReceiverBehaviour } from "./case.ts";

/**
 * Proves a `Notifier`. Call it in a vitest file; your notifier's own cases come after it.
 *
 * @param name of what carries, for the report
 * @param open gives each case a notifier, and the place to which it carries
 * @example
 * describeNotifier("my notifier", () => openSubject());
 */
export function describeNotifier(name: string, open: OpenNotifierSubject): void {
  describe(`${name} as a notifier`, () => {
    describe("delivery", () => {
      deliverySuite(open);
    });
    describe("trouble", () => {
      troubleSuite(open);
    });
    describe("cancellation", () => {
      cancelSuite(open);
    });
  });
}
