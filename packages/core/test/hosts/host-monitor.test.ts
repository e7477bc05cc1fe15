import { expect, it } from "vitest";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import { HostMonitor } from "../../src/hosts/host-monitor.ts";
import type { FleetFeed } from "../../src/hosts/fleet-feed.ts";
import type { HostRuntime, OpenHost } from "../../src/hosts/host-runtime.ts";
import type { HostReport } from "../../src/ports/bus.ts";
import type { GuestState } from "../../src/ports/guest.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import type { GuestWatch } from "../../src/servers/guest-watch.ts";
import { overDatabases } from "../support/databases.ts";
import { inventory, testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  /** Two hosts of which a test says what they report, and a monitor that looks each second. */
  async function fixture() {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    const clock = new VirtualClock();
    const opened = fleet.hostIds.map((id, index) => ({ id, name: `host-${index + 1}` }) as OpenHost);
    let listener: (host: OpenHost, report: HostReport) => void = () => {};
    const runtime = {
      opened,
      reports(said: typeof listener) {
        listener = said;
        return { unsubscribe: () => (listener = () => {}) };
      },
    } as unknown as HostRuntime;
    const seen = { stale: 0, guests: [] as GuestState[], opened: [] as string[] };
    const feed = { stale: () => (seen.stale += 1) } as unknown as FleetFeed;
    const guests = {
      changed: async (guest: GuestState) => void seen.guests.push(guest),
      opened: async ({ name }: OpenHost) => void seen.opened.push(name),
    } as unknown as GuestWatch;
    const monitor = new HostMonitor(database, fleet.hosts, runtime, feed, guests, clock, silentLogger, 1000);
    monitor.start();
    const say = (index: number, report: HostReport): void => listener(opened[index] as OpenHost, report);
    const beat = (index: number): void =>
      say(index, { kind: "heartbeat", host: `host-${index + 1}`, instance: "i", sequence: 1 });
    const states = async () => (await fleet.hosts.all()).map(({ state }) => state);
    /** So many seconds, the second host's heart beating in each. */
    const pass = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance({ seconds: 1 });
        beat(1);
      }
    };
    return { database, fleet, clock, monitor, say, beat, states, pass, seen };
  }

  it("has the guests of each host settled once", async () => {
    const { pass, seen } = await fixture();
    await pass(3);
    expect(seen.opened).toEqual(["host-1", "host-2"]);
  });

  it("takes a host for suspect after three missed heartbeats, for down after six, and for up with the next", async () => {
    const { monitor, beat, states, pass, fleet, clock } = await fixture();
    await pass(1);
    beat(0);
    await pass(2);
    expect(await states()).toEqual(["up", "up"]);
    await pass(1);
    expect(await states()).toEqual(["suspect", "up"]);
    const [silent = ""] = fleet.hostIds;
    expect(await fleet.hosts.get(silent)).toMatchObject({ state_reason: "no heartbeat for 3 s" });
    await pass(2);
    expect(await states()).toEqual(["suspect", "up"]);
    await pass(1);
    expect(await states()).toEqual(["down", "up"]);
    beat(0);
    await pass(1);
    expect(await states()).toEqual(["up", "up"]);
    expect(await fleet.hosts.get(silent)).toMatchObject({ state_reason: null, last_seen_at_ms: clock.nowMs() });
    await monitor[Symbol.asyncDispose]();
  });

  it("takes a host for down that nobody drives, once nobody has heard of it for as long", async () => {
    const { database, fleet, clock, monitor, pass } = await fixture();
    const nowMs = clock.nowMs();
    const [left, driven] = await Promise.all(
      ["left", "driven"].map((name) => fleet.hosts.register(name, "az-1", nowMs)),
    );
    for (const host of [left, driven]) await database.run(fleet.hosts.setState(host?.id ?? "", "up", null, nowMs));
    const lease = { owner: "own_alive", epoch: 1, lease_until_ms: Number.MAX_SAFE_INTEGER };
    await database.write(database.tables.host_leases).insert({ ...lease, host_id: driven?.id });
    await pass(6);
    expect(await fleet.hosts.named("left")).toMatchObject({ state: "up" });
    await pass(1);
    expect(await fleet.hosts.named("left")).toMatchObject({
      state: "down",
      state_reason: "nobody drives it, and it was not heard of for 7 s",
    });
    // Another process drives it: how it is, that one says.
    expect(await fleet.hosts.named("driven")).toMatchObject({ state: "up" });
    await monitor[Symbol.asyncDispose]();
  });

  it("tells the scheduler's feed of new hosts and of changed states, and of nothing else", async () => {
    const { monitor, pass, seen } = await fixture();
    await pass(2);
    const atFirst = seen.stale;
    expect(atFirst).toBeGreaterThan(0);
    expect(seen.stale).toBe(atFirst);
    await pass(2);
    expect(seen.stale).toBe(atFirst + 1);
    await monitor[Symbol.asyncDispose]();
  });

  it("writes down inventories, and passes on what guests do", async () => {
    const { monitor, say, fleet, seen } = await fixture();
    say(0, { kind: "inventory", host: "host-1", inventory: { ...inventory, memoryMib: 99 } });
    const guest: GuestState = { id: fleet.ids.next("srv"), power: "running", ready: "ready" };
    say(0, { kind: "guestChanged", host: "host-1", guest, atMs: 5 });
    const [first = ""] = fleet.hostIds;
    await expect.poll(async () => (await fleet.hosts.get(first))?.["memory_mib_total"]).toBe(99);
    expect(seen.guests).toEqual([guest]);
    await monitor[Symbol.asyncDispose]();
  });
});
