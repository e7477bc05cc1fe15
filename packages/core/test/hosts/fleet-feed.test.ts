import { describe, expect, it } from "vitest";
import { FleetFeed } from "../../src/hosts/fleet-feed.ts";
import type { HostRow, HostStore } from "../../src/hosts/store.ts";
import type { FleetChange, PlacementRequest, Scheduler } from "../../src/ports/scheduler.ts";
import { inventory } from "../support/fleet.ts";

const row = (id: string, used: number): HostRow => ({
  id,
  name: id,
  zone: "az-1",
  state: "up",
  state_reason: null,
  enabled: true,
  inventory: JSON.stringify(inventory),
  network_revision: 0,
  network_applied_revision: 0,
  last_seen_at_ms: 1,
  fence: null,
  fenced_at_ms: null,
  fenced_by: null,
  fence_operation_id: null,
  milli_ecu_total: 20_000,
  milli_ecu_used: used,
});

/** A scheduler that names whatever host has the compute, and a store whose readings a test lets go. */
function fixture() {
  const free = new Map<string, number>();
  let revision = 0;
  const scheduler: Scheduler = {
    openFleet: () => ({
      get revision() {
        return revision;
      },
      apply(changes: readonly FleetChange[], to: number) {
        expect(to).toBeGreaterThan(revision);
        revision = to;
        for (const change of changes) {
          if (change.kind === "host") free.set(change.host.id, change.host.free.milliEcu);
          else free.delete(change.hostId);
        }
      },
      decide({ resources }: PlacementRequest) {
        const candidates = [...free].filter(([, has]) => has >= resources.milliEcu).map(([id]) => id);
        return { candidates, revision };
      },
      explain: ({ serverName }) => ({
        server: { name: serverName, vcpus: 1, resources: { milliEcu: 1, memoryMib: 1 } },
        hosts: free.size,
        passed: 0,
        filters: [],
      }),
    }),
  };
  const store = { rows: [row("a", 0)], readings: 0, gate: Promise.resolve(), fails: false };
  const hosts = {
    async all() {
      store.readings += 1;
      const read = store.rows;
      await store.gate;
      if (store.fails) throw new Error("the store is in trouble");
      return read;
    },
    declared: async () => new Map(),
  } as unknown as HostStore;
  const stores = {
    hosts,
    aggregates: { properties: async () => new Map() },
    groups: { hostIds: async () => [] },
  };
  const feed = new FleetFeed(stores, scheduler);
  const decide = (milliEcu: number) =>
    feed.decide({ serverName: "web", resources: { milliEcu }, group: undefined } as never);
  const decideAll = (milliEcu: number, servers: number) =>
    feed.decideAll(
      { resources: { milliEcu }, group: undefined } as never,
      Array.from({ length: servers }, (_, index) => ({ seed: `${index}`, serverName: `web-${index + 1}` })),
    );
  return { feed, store, decide, decideAll };
}

describe("the fleet's feed", () => {
  it("places several servers where those before them leave room, and keeps nothing of it in mind", async () => {
    const { store, decide, decideAll } = fixture();
    store.rows = [row("a", 4000), row("b", 0)];
    expect(await decideAll(8000, 4)).toEqual(["a", "a", "b", "b"]);
    await expect(decideAll(8000, 6)).rejects.toMatchObject({
      code: "NO_VALID_HOST",
      details: { unplaced: ["web-5", "web-6"], explanation: { server: { name: "web-5" } } },
    });
    expect(await decide(16_000)).toEqual({ candidates: ["a", "b"] });
  });

  it("reads the store before the first decision, and not again while nothing is stale", async () => {
    const { store, decide } = fixture();
    expect(await decide(20_000)).toEqual({ candidates: ["a"] });
    expect(await decide(20_000)).toEqual({ candidates: ["a"] });
    expect(store.readings).toBe(1);
  });

  it("shows this process's own claims at once, without a reading", async () => {
    const { feed, store, decide } = fixture();
    store.rows = [row("a", 0), row("b", 0)];
    await decide(1);
    feed.changed(row("a", 15_000));
    expect(await decide(10_000)).toEqual({ candidates: ["b"] });
    expect(store.readings).toBe(1);
  });

  it("reads anew before a decision when it is stale", async () => {
    const { feed, store, decide } = fixture();
    await decide(1);
    store.rows = [row("a", 20_000), row("b", 0)];
    feed.stale();
    expect(await decide(10_000)).toEqual({ candidates: ["b"] });
    expect(store.readings).toBe(2);
  });

  it("refuses only after one more reading, with the explanation", async () => {
    const { store, decide } = fixture();
    await decide(1);
    await expect(decide(30_000)).rejects.toMatchObject({
      code: "NO_VALID_HOST",
      details: { explanation: { hosts: 1, server: { name: "web" } } },
    });
    expect(store.readings).toBe(2);
    store.rows = [row("a", 20_000), row("b", 0)];
    await expect(decide(20_000)).resolves.toEqual({ candidates: ["a"] });
  });

  it("does not refuse by a reading that began before", async () => {
    const { feed, store, decide } = fixture();
    store.rows = [row("a", 20_000)];
    await feed.refresh();
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    const early = feed.refresh();
    await expect.poll(() => store.readings).toBe(2);
    // Another process gives back what the reading under way has passed already.
    store.rows = [row("a", 0)];
    const decided = decide(20_000);
    gate.resolve();
    await early;
    expect(await decided).toEqual({ candidates: ["a"] });
  });

  it("keeps a claim that came while an older state was read", async () => {
    const { feed, store, decide } = fixture();
    const gate = Promise.withResolvers<void>();
    store.gate = gate.promise;
    store.rows = [row("a", 0), row("b", 0)];
    const reading = feed.refresh();
    await expect.poll(() => store.readings).toBe(1);
    feed.changed(row("a", 20_000));
    gate.resolve();
    await reading;
    expect(await decide(10_000)).toEqual({ candidates: ["b"] });
  });

  it("forgets a host that the store has no more", async () => {
    const { feed, store, decide } = fixture();
    store.rows = [row("a", 0), row("b", 0)];
    expect(await decide(1)).toEqual({ candidates: ["a", "b"] });
    store.rows = [row("b", 0)];
    feed.stale();
    expect(await decide(1)).toEqual({ candidates: ["b"] });
  });

  it("stays stale when a reading fails", async () => {
    const { store, decide } = fixture();
    store.fails = true;
    await expect(decide(1)).rejects.toThrow("trouble");
    store.fails = false;
    expect(await decide(1)).toEqual({ candidates: ["a"] });
  });

  it("shares one reading between all that wait for it", async () => {
    const { store, decide } = fixture();
    await Promise.all(Array.from({ length: 20 }, () => decide(1)));
    expect(store.readings).toBe(1);
  });
});
