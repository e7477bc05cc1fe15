import { describe, expect, it } from "vitest";
import { InProcessBus } from "../../src/agent/index.ts";
import { VirtualClock, uuidv7Ids } from "../../src/ports/index.ts";
import type { BusEndpoint, HostReport } from "../../src/ports/index.ts";

const clock = new VirtualClock();
const ids = uuidv7Ids(clock);

const endpoint: BusEndpoint = {
  send: async ({ commandId }) => ({ accepted: true, commandId }),
  status: async (commandId) => ({ state: "unknown", commandId }),
  cancel: async () => {},
};

describe("InProcessBus", () => {
  it("lets one agent serve a host, until it leaves", async () => {
    await using bus = new InProcessBus({ clock });
    const served = await bus.serve("host-1", endpoint);
    await expect(bus.serve("host-1", endpoint)).rejects.toMatchObject({ code: "LOCKED" });
    await served[Symbol.asyncDispose]();
    await using again = await bus.serve("host-1", endpoint);
    expect(again).toBeDefined();
  });

  it("knows at once that nobody serves a host", async () => {
    await using bus = new InProcessBus({ clock });
    const beganMs = clock.nowMs();
    await expect(bus.status("host-1", ids.next("cmd"))).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      details: { host: "host-1", reason: "no agent serves it" },
      retryable: true,
    });
    expect(clock.nowMs()).toBe(beganMs);
  });

  it("passes an endpoint's error on", async () => {
    await using bus = new InProcessBus({ clock });
    await using _served = await bus.serve("host-1", {
      ...endpoint,
      status: () => Promise.reject(new Error("lost it")),
    });
    await expect(bus.status("host-1", ids.next("cmd"))).rejects.toMatchObject({ code: "INTERNAL", message: "lost it" });
  });

  it("does not pass on what an endpoint answers that is no answer", async () => {
    await using bus = new InProcessBus({ clock });
    const status = async (commandId: string) => ({ state: "unknown" as const, commandId, more: 1 });
    await using _served = await bus.serve("host-1", { ...endpoint, status });
    await expect(bus.status("host-1", ids.next("cmd"))).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("says its seed, so that a run can be repeated", async () => {
    const said: object[] = [];
    const logger = { debug() {}, info: (fields: object) => void said.push(fields), warn() {}, error() {} };
    await using _bus = new InProcessBus({ clock, logger, faults: { seed: 42, drop: 0.1 } });
    expect(said).toEqual([{ faults: { seed: 42, drop: 0.1 } }]);
  });

  it("drops and tells what an agent sends that is no report", async () => {
    const said: object[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (fields: object) => void said.push(fields) };
    await using bus = new InProcessBus({ clock, logger });
    const reports: HostReport[] = [];
    bus.reports().subscribe((report) => reports.push(report));
    await using served = await bus.serve("host-1", endpoint);
    served.report({ kind: "networkApplied", host: "host-1", revision: -1 });
    await clock.settled();
    expect(reports).toEqual([]);
    expect(said).toMatchObject([{ host: "host-1", err: { code: "INVALID_ARGUMENT" } }]);
  });

  it("completes its reports when it is closed, and carries nothing more", async () => {
    const bus = new InProcessBus({ clock, faults: { seed: 1, delayMs: 1_000 } });
    const reports: HostReport[] = [];
    let completed = false;
    bus.reports().subscribe({ next: (report) => reports.push(report), complete: () => (completed = true) });
    const served = await bus.serve("host-1", endpoint);
    served.report({ kind: "networkApplied", host: "host-1", revision: 1 });
    await bus[Symbol.asyncDispose]();
    await clock.settled();
    expect(completed).toBe(true);
    expect(reports).toEqual([]);
  });
});
