import { describe } from "vitest";
import { bytesSuite } from "./bytes.ts";
import type { OpenBusSubject } from "./case.ts";
import { reportsSuite } from "./reports.ts";
import { sendSuite } from "./send.ts";
import { statusSuite } from "./status.ts";

export type { BusSubject, OpenBusSubject } from "./case.ts";

/**
 * Proves a `Bus`. Call it in a vitest file, once for the bus as it is and once for each way in which it can be made to
 * lose, repeat, delay and reorder messages: no case depends on any one message.
 *
 * @param name of the bus, for the report
 * @param open gives each case a bus of its own, without agents
 * @example
 * describeBus("my bus", async () => {
 *   const bus = await connect();
 *   const close = () => bus[Symbol.asyncDispose]();
 *   return { bus, agents: bus, clock: systemClock(), quietAfterMs: 100, [Symbol.asyncDispose]: close };
 * });
 */
export function describeBus(name: string, open: OpenBusSubject): void {
  describe(`${name} as a bus`, () => {
    describe("send", () => {
      sendSuite(open);
    });
    describe("status and cancel", () => {
      statusSuite(open);
    });
    describe("reports", () => {
      reportsSuite(open);
    });
    describe("bytes", () => {
      bytesSuite(open);
    });
  });
}
