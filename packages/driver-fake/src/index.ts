/**
 * A cloudhost host in memory or in a file: guests boot, burn, fail and lie.
 *
 * @packageDocumentation
 */
export { fakeFleet, fakeHost, referenceFleet } from "./fleet.ts";
export type { FakeFleetInput, FakeHostInput } from "./fleet.ts";
export { FakeCpu, FakeHostOptions, opteron6276, xeonE52650 } from "./options.ts";
export { FakeWorld, fakeFaults, holdFakeWorld } from "./fake-world.ts";
export type { FakeStranger, GuestStatistics } from "./fake-world.ts";
export { FakePower, fakePower } from "./fake-power.ts";
export { FakeFaults } from "./faults/fake-faults.ts";
export type { FaultOptions, FaultTimes, Hang } from "./faults/fake-faults.ts";
export type { FaultCode } from "./faults/fault-error.ts";
export type { FakeMethod, LyingMethod } from "./faults/methods.ts";
export { readFakeWorld } from "./world/read.ts";
export type { FakeGuestView, FakeHostView } from "./world/read.ts";
export type { FakeDiskView } from "./disks/stopped-disks.ts";
export type { GuestFile } from "./disks/layout.ts";
