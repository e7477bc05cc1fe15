import { EventEmitter } from "node:events";
import type { Host } from "@cloudhost/core";
import { describe, expect, it } from "vitest";
import type { QuickstartEvent } from "../../src/events.ts";
import { waitForHosts } from "../../src/steps/wait-for-hosts.ts";
import { Stop, Stopped } from "../../src/stop.ts";
import type { Tour } from "../../src/tour.ts";

type Seen = Pick<Host, "state" | "stateReason" | "lastSeenAtMs">;

/** A tour whose host is so each time that it is looked at, the last one from then on. */
function tourOf(stop: Stop, openedAtMs: number, ...looks: Seen[]) {
  const said: QuickstartEvent[] = [];
  const get = async (name: string): Promise<Seen & { name: string }> => {
    const seen = looks.length > 1 ? looks.shift() : looks[0];
    if (seen === undefined) throw new Error("nothing to see");
    return { name, ...seen };
  };
  const tour = { operator: { hosts: { get } }, openedAtMs, say: (event: QuickstartEvent) => said.push(event), stop };
  return { tour: tour as unknown as Tour, said };
}

const openedAtMs = Date.now();
const mine: Seen = { state: "up", stateReason: null, lastSeenAtMs: openedAtMs + 1 };
const stale: Seen = { state: "up", stateReason: null, lastSeenAtMs: openedAtMs - 5000 };

describe("waiting for hosts", () => {
  it("is over at once when they are ours", async () => {
    using stop = new Stop(new EventEmitter());
    const { tour, said } = tourOf(stop, openedAtMs, mine);
    await waitForHosts(tour, ["host-1", "host-2"], 3000);
    expect(said).toEqual([]);
  });

  it("says once what it waits for while a killed run's leases last", async () => {
    using stop = new Stop(new EventEmitter());
    const { tour, said } = tourOf(stop, openedAtMs, stale, stale, mine);
    await waitForHosts(tour, ["host-1"], 3000);
    expect(said).toEqual([{ event: "waiting", for: "the leases of a run that was cut off", atMostMs: 9000 }]);
  });

  it("ends with the reason of a host that does not open", async () => {
    using stop = new Stop(new EventEmitter());
    const { tour } = tourOf(stop, openedAtMs, { state: "down", stateReason: "no libvirtd", lastSeenAtMs: null });
    await expect(waitForHosts(tour, ["host-1"], 3000)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      message: "The host host-1 does not open: no libvirtd",
    });
  });

  it("does not wait for ever, and not when it is stopped", async () => {
    using stop = new Stop(new EventEmitter());
    const late = tourOf(stop, openedAtMs - 10_000, { ...stale, lastSeenAtMs: 0 });
    await expect(waitForHosts(late.tour, ["host-1"], 3000)).rejects.toThrow("another process has it");
    const waiting = waitForHosts(tourOf(stop, Date.now(), { ...stale, lastSeenAtMs: 0 }).tour, ["host-1"], 3000);
    stop.fire("SIGINT");
    await expect(waiting).rejects.toBeInstanceOf(Stopped);
  });
});
