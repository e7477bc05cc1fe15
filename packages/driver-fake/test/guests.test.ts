import { open, truncate } from "node:fs/promises";
import type { GuestSpec, GuestState, HostBinding } from "@cloudhost/core/ports";
import { macAddress, tapName, uuidv7Ids } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { openFake } from "./subject.ts";
import type { FakeFixture } from "./subject.ts";

const chunkBytes = 4 * 2 ** 20;
const baseBytes = 2 * chunkBytes;

/** Which chunks of two pictures differ, so far as their base reaches; behind it they are holes. */
async function differing(...paths: [string, string]): Promise<number[]> {
  const [a, b] = await Promise.all(
    paths.map(async (path) => {
      await using file = await open(path, "r");
      const { size, blocks } = await file.stat();
      expect(size).toBe(2 ** 30);
      expect(blocks * 512).toBeLessThanOrEqual(baseBytes);
      return (await file.read(Buffer.alloc(baseBytes), 0, baseBytes, 0)).buffer;
    }),
  );
  const chunks = Array.from({ length: baseBytes / chunkBytes }, (_, index) => index);
  return chunks.filter((index) => {
    const range = [index * chunkBytes, (index + 1) * chunkBytes] as const;
    return a?.subarray(...range).equals(b?.subarray(...range) ?? Buffer.alloc(0)) !== true;
  });
}

/** An interface for the guest, and what the network driver makes of it. */
function bindingFor({ guest, clock }: FakeFixture, externalKbit = 10_000): HostBinding {
  const id = uuidv7Ids(clock).next("nic");
  return {
    id,
    tap: tapName(id),
    mac: macAddress(id),
    address: "10.0.0.2",
    prefixLength: 24,
    gateway: "10.0.0.1",
    serverId: guest.id,
    tenant: 1,
    classId: 0x10,
    internal: { rateKbit: 1000, ceilKbit: 2000 },
    external: { rateKbit: externalKbit, ceilKbit: externalKbit },
  };
}

const nicOf = ({ id, tap, mac, address, prefixLength, gateway }: HostBinding): GuestSpec["nics"][number] => ({
  id,
  tap,
  mac,
  address,
  prefixLength,
  gateway,
});

const applyBinding = ({ network }: FakeFixture, binding: HostBinding, revision = 1): Promise<void> =>
  network.apply({
    revision,
    baseRevision: revision - 1,
    changes: undefined,
    desired: { bindings: new Map([[binding.id, binding]]), members: new Map() },
  });

describe("a fake guest", () => {
  it("boots in its time, by the clock", async () => {
    await using fake = await openFake({ bootMs: 2000 });
    const { compute, clock, guest } = fake;
    await compute.define(guest);
    const startedAtMs = clock.nowMs();
    const ended = new AbortController();
    const events = compute.events(ended.signal)[Symbol.asyncIterator]();
    await compute.start(guest.id);
    expect(await events.next()).toEqual({ done: false, value: { id: guest.id, power: "running", ready: "booting" } });
    expect(await events.next()).toEqual({ done: false, value: { id: guest.id, power: "running", ready: "ready" } });
    expect(clock.nowMs() - startedAtMs).toBe(2000);
    ended.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it("does not hold the clock for its caller while it boots", async () => {
    await using fake = await openFake({ bootMs: 60_000 });
    const { compute, clock, guest } = fake;
    const startedAtMs = clock.nowMs();
    await clock.busy(async () => {
      await compute.define(guest);
      await compute.start(guest.id);
      // The clock stands while the caller works, whatever boots meanwhile.
      expect(clock.nowMs()).toBe(startedAtMs);
    });
  });

  it("tells of no boot that was cut short", async () => {
    await using fake = await openFake();
    const { compute, clock, guest } = fake;
    const seen: GuestState[] = [];
    const ended = new AbortController();
    const collecting = (async () => {
      for await (const state of compute.events(ended.signal)) seen.push(state);
    })();
    await compute.define(guest);
    await clock.busy(async () => {
      await compute.start(guest.id);
      await compute.stop(guest.id, 0);
    });
    await clock.settled();
    ended.abort();
    await collecting;
    expect(seen.map(({ power, ready }) => `${power} ${ready}`)).toEqual(["running booting", "stopped unknown"]);
  });

  it("takes its time to shut down, and no longer than the grace", async () => {
    await using fake = await openFake({ shutdownMs: 500 });
    const { compute, clock, guest } = fake;
    await compute.define(guest);
    const took = async (graceMs: number): Promise<number> => {
      await compute.start(guest.id);
      await clock.settled();
      const fromMs = clock.nowMs();
      await compute.stop(guest.id, graceMs);
      return clock.nowMs() - fromMs;
    };
    expect(await took(10_000)).toBe(500);
    expect(await took(200)).toBe(200);
    expect(await took(0)).toBe(0);
  });

  it("starts only with its taps", async () => {
    await using fake = await openFake();
    const { compute, guest } = fake;
    const binding = bindingFor(fake);
    await compute.define({ ...guest, nics: [nicOf(binding)] });
    await expect(compute.start(guest.id)).rejects.toMatchObject({ code: "CONFLICT" });
    await applyBinding(fake, binding);
    await compute.start(guest.id);
    expect(await compute.get(guest.id)).toMatchObject({ power: "running" });
  });

  it("refuses a base that it cannot read, and a disk that is smaller than its base", async () => {
    await using fake = await openFake();
    const { compute, guest } = fake;
    const qcow2 = { ...guest, base: { ...guest.base, format: "qcow2" as const } };
    await expect(compute.define(qcow2)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    const noSystemDisk = { ...guest, disks: [{ kind: "ephemeral" as const, sizeGib: 1 }] };
    await expect(compute.define(noSystemDisk)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await compute.get(guest.id)).toBeUndefined();
  });
});

describe("a fake guest's disk", () => {
  it("differs from its base where the guest wrote, and nowhere behind the base", async () => {
    await using fake = await openFake();
    const { compute, guest } = fake;
    await compute.define(guest);
    const before = await compute.freezeDisk(guest.id, "snp_before");
    await compute.start(guest.id);
    const after = await compute.freezeDisk(guest.id, "snp_after");
    const chunks = await differing(before.path, after.path);
    expect(chunks).not.toEqual([]);
  });

  it("goes on changing while the guest runs, and not while it is stopped", async () => {
    await using fake = await openFake();
    const { compute, clock, guest } = fake;
    await compute.define(guest);
    await compute.start(guest.id);
    const running = await compute.freezeDisk(guest.id, "snp_running");
    await clock.sleep(60_000);
    await compute.stop(guest.id, 0);
    const stopped = await compute.freezeDisk(guest.id, "snp_stopped");
    await clock.sleep(60_000);
    const later = await compute.freezeDisk(guest.id, "snp_later");
    expect(await differing(running.path, stopped.path)).not.toEqual([]);
    expect(await differing(stopped.path, later.path)).toEqual([]);
  });

  it("is made anew for another base, and pictures of the old one stay", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    await compute.define(guest);
    await compute.start(guest.id);
    await compute.stop(guest.id, 0);
    await compute.freezeDisk(guest.id, "snp_old");
    await compute.define({ ...guest, base: { ...guest.base, digest: `sha256:${"0".repeat(64)}` } });
    const [host] = await world.read();
    expect(host?.files.map(({ path }) => path.split("/").at(-1)).toSorted()).toEqual([
      "overlay-1",
      "picture-snp_old.raw",
    ]);
  });

  it("gives up a picture that is cancelled, and leaves nothing of it", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    // Long enough to be met while it is copied.
    await truncate(guest.base.path, 2 ** 29);
    await compute.define(guest);
    const cancel = new AbortController();
    const freezing = compute.freezeDisk(guest.id, "snp_1", cancel.signal);
    const overlayOnly = [expect.objectContaining({ kind: "overlay" })];
    await expect.poll(async () => (await world.read())[0]?.guests[0]?.snapshotIds, { interval: 1 }).toEqual(["snp_1"]);
    cancel.abort();
    await expect(freezing).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await world.read())[0]).toMatchObject({ files: overlayOnly, guests: [{ snapshotIds: [] }] });
  });
});

describe("a fake guest's use", () => {
  it("grows while it runs, as far as quota and ceil let it", async () => {
    await using fake = await openFake();
    const { compute, clock, guest, world } = fake;
    const binding = bindingFor(fake);
    await applyBinding(fake, binding);
    await compute.define({ ...guest, nics: [nicOf(binding)] });
    await compute.start(guest.id);
    await clock.sleep(100_000);
    await compute.stop(guest.id, 0);
    const use = await world.statistics(guest.id, clock.nowMs());
    expect(use).toMatchObject({ ranMs: 100_000 });
    // 1 EUCU of a core that has 4: a quarter of the time at most.
    expect(use?.cpuUs).toBeGreaterThan(0.2 * 25_000_000 - 1);
    expect(use?.cpuUs).toBeLessThanOrEqual(0.9 * 25_000_000);
    // 2,000 kbit/s for 100 s.
    expect(use?.internalRxBytes).toBeGreaterThan(0);
    expect(use?.internalRxBytes).toBeLessThanOrEqual(25_000_000);
    expect(use?.diskWrittenBytes).toBeGreaterThan(16 * 4096);

    await clock.sleep(100_000);
    expect(await world.statistics(guest.id, clock.nowMs())).toEqual(use);
  });

  it("never falls when the bandwidth changes", async () => {
    await using fake = await openFake();
    const { compute, clock, guest, world } = fake;
    const binding = bindingFor(fake, 50_000);
    await applyBinding(fake, binding);
    await compute.define({ ...guest, nics: [nicOf(binding)] });
    await compute.start(guest.id);
    await clock.sleep(10_000);
    const before = await world.statistics(guest.id, clock.nowMs());
    await applyBinding(fake, { ...binding, external: null }, 2);
    await clock.sleep(10_000);
    const after = await world.statistics(guest.id, clock.nowMs());
    expect(before?.externalTxBytes).toBeGreaterThan(0);
    expect(after?.externalTxBytes).toBe(before?.externalTxBytes);
    expect(after?.internalTxBytes).toBeGreaterThan(before?.internalTxBytes ?? Infinity);
  });

  it("is of nobody for an unknown guest", async () => {
    await using fake = await openFake();
    expect(await fake.world.statistics("srv_unknown", 0)).toBeUndefined();
  });
});
