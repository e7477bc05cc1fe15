import { describe } from "vitest";
import { adoptSuite } from "./adopt.ts";
import { cancelSuite } from "./cancel.ts";
import { capabilitiesSuite } from "./capabilities.ts";
import type { OpenComputeSubject } from "./case.ts";
import { changeSuite } from "./change.ts";
import { consoleSuite } from "./console.ts";
import { dataDisksSuite } from "./data-disks.ts";
import { defineSuite } from "./define.ts";
import { eventsSuite } from "./events.ts";
import { freezeDiskSuite } from "./freeze-disk.ts";
import { inventorySuite } from "./inventory.ts";
import { keepDisksSuite } from "./keep-disks.ts";
import { layersSuite } from "./layers.ts";
import { listSuite } from "./list.ts";
import { pauseSuite } from "./pause.ts";
import { rebootSuite } from "./reboot.ts";
import { recoverSuite } from "./recover.ts";
import { removeSuite } from "./remove.ts";
import { rescueSuite } from "./rescue.ts";
import { startSuite } from "./start.ts";
import { stopSuite } from "./stop.ts";
import { suspendSuite } from "./suspend.ts";

export type { ComputeSubject, DiskView, HostObserver, OpenComputeSubject } from "./case.ts";
export { sampleGuest } from "./sample-guest.ts";
export type { SampleGuest } from "./sample-guest.ts";

/**
 * Proves a `ComputeDriver`. Call it in a vitest file; your driver's own cases come after it.
 *
 * @param name of the hypervisor, for the report
 * @param open gives each case a driver on an empty host, a guest, and a view of the host past the driver
 * @example
 * describeComputeDriver("my hypervisor", () => openSubject());
 */
export function describeComputeDriver(name: string, open: OpenComputeSubject): void {
  describe(`${name} as a compute driver`, () => {
    describe("capabilities", () => {
      capabilitiesSuite(open);
    });
    describe("inventory", () => {
      inventorySuite(open);
    });
    describe("define", () => {
      defineSuite(open);
    });
    describe("start", () => {
      startSuite(open);
    });
    describe("stop", () => {
      stopSuite(open);
    });
    describe("reboot", () => {
      rebootSuite(open);
    });
    describe("pause", () => {
      pauseSuite(open);
    });
    describe("suspend", () => {
      suspendSuite(open);
    });
    describe("freezeDisk", () => {
      freezeDiskSuite(open);
    });
    describe("data disks", () => {
      dataDisksSuite(open);
    });
    describe("change", () => {
      changeSuite(open);
    });
    describe("rescue", () => {
      rescueSuite(open);
    });
    describe("layers", () => {
      layersSuite(open);
    });
    describe("keepDisks", () => {
      keepDisksSuite(open);
    });
    describe("consoleLog", () => {
      consoleSuite(open);
    });
    describe("adopt", () => {
      adoptSuite(open);
    });
    describe("remove", () => {
      removeSuite(open);
    });
    describe("get and list", () => {
      listSuite(open);
    });
    describe("events", () => {
      eventsSuite(open);
    });
    describe("recover", () => {
      recoverSuite(open);
    });
    describe("cancellation", () => {
      cancelSuite(open);
    });
  });
}
