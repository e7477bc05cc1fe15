import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HostClient } from "../../src/hosts/host-client.ts";
import type { RunOptions } from "../../src/hosts/host-client.ts";
import { CloudHostError, VirtualClock } from "../../src/ports/index.ts";
import type { Bus, Clock } from "../../src/ports/index.ts";
import { StubAgent } from "../agent/stubs/open-stub.ts";
import type { StubOptions } from "../agent/stubs/open-stub.ts";
import { someDigest } from "../agent/stubs/stub-images.ts";

async function open(options: StubOptions = {}) {
  const stub = await StubAgent.open(options);
  const { bus, name: host, clock, ids } = stub;
  const client = new HostClient({ bus, host, clock, ids });
  const guestId = ids.next("srv");
  const run: RunOptions = { resource: guestId, operationId: null, epoch: 1, timeoutMs: 60_000 };
  return {
    stub,
    clock,
    host: stub.host,
    client,
    guestId,
    run,
    [Symbol.asyncDispose]: () => stub[Symbol.asyncDispose](),
  };
}

/** Waits inside a driver's call until its signal fires, as a driver does. */
const untilAborted = (clock: Clock, signal: AbortSignal | undefined): Promise<never> =>
  clock.waiting(
    new Promise<never>((_resolve, reject) =>
      signal?.addEventListener("abort", () => reject(new CloudHostError("CANCELLED", "Stopped.", { what: "stub" }))),
    ),
  );

describe("HostClient", () => {
  it("returns when the command has ended, with its result", async () => {
    await using subject = await open();
    const { host, client, guestId } = subject;
    const bound = client.bind({ operationId: null, epoch: 1, resource: guestId });
    await bound.compute.start(guestId);
    expect(await bound.compute.get(guestId)).toEqual({ id: guestId, power: "running", ready: "unknown" });
    expect(await bound.compute.get(subject.stub.ids.next("srv"))).toBeUndefined();
    expect(host.count("start", guestId)).toBe(1);
  });

  it("throws what the driver threw", async () => {
    await using subject = await open();
    const { client, guestId, run } = subject;
    await expect(client.run("compute.reboot", { guestId, graceMs: 0 }, run)).rejects.toMatchObject({
      code: "GUEST_NOT_FOUND",
      details: { guestId },
    });
  });

  it("takes a code that it does not know for a fault", async () => {
    const clock = new VirtualClock();
    const error = { code: "NEWER_THAN_US", message: "A newer agent says so.", details: {}, retryable: false };
    const bus = {
      send: async (_host: string, { commandId }: { commandId: string }) => ({ accepted: false, commandId, error }),
      reports: () => ({ subscribe: () => ({ unsubscribe() {} }) }),
    } as unknown as Bus;
    await using subject = await open();
    const client = new HostClient({ bus, host: "host-1", clock, ids: subject.stub.ids });
    await expect(client.run("compute.start", { guestId: subject.guestId }, subject.run)).rejects.toMatchObject({
      code: "INTERNAL",
      details: { code: "NEWER_THAN_US" },
    });
  });

  it("does not wait for a report that is lost", async () => {
    await using subject = await open({ faults: { seed: 1, drop: 0.5 } });
    const { clock, host, client, guestId, run } = subject;
    const beganMs = clock.nowMs();
    await client.run("compute.start", { guestId }, run);
    expect(host.count("start", guestId)).toBe(1);
    expect(clock.nowMs() - beganMs).toBeLessThan(60_000);
  });

  it("asks for the same command when it is given its id", async () => {
    await using subject = await open();
    const { stub, host, client, guestId, run } = subject;
    const commandId = stub.ids.next("cmd");
    await client.run("compute.start", { guestId }, { ...run, commandId });
    await client.run("compute.start", { guestId }, { ...run, commandId });
    expect(host.count("start", guestId)).toBe(1);
  });

  it("sends an interrupted command again", async () => {
    await using subject = await open();
    const { stub, clock, host, client, guestId, run } = subject;
    const closing = Promise.withResolvers<void>();
    host.acts.set("start", async (signal) => {
      if (host.count("start", guestId) > 1) return;
      await closing.promise;
      await untilAborted(clock, signal);
    });
    const started = client.run("compute.start", { guestId }, run);
    await expect.poll(() => host.count("start", guestId)).toBe(1);
    const reopened = stub.reopen();
    closing.resolve();
    await reopened;
    await started;
    expect(host.count("start", guestId)).toBe(2);
  });

  it("tells how far a transfer is", async () => {
    await using subject = await open();
    const { stub, client, guestId } = subject;
    const percents: number[] = [];
    const onProgress = (percent: number): unknown => percents.push(percent);
    const bound = client.bind({ operationId: null, epoch: 1, resource: guestId, onProgress });
    await bound.images.ensure({ imageId: stub.ids.next("img"), digest: someDigest, holder: guestId });
    expect(percents).toEqual([50]);
    expect(await bound.images.holders()).toEqual([guestId]);
  });

  it("cancels on the host what its signal cancels", async () => {
    await using subject = await open();
    const { clock, host, client, guestId, run } = subject;
    const cancel = new AbortController();
    host.acts.set("start", (signal) => {
      cancel.abort();
      return untilAborted(clock, signal);
    });
    const started = client.run("compute.start", { guestId }, { ...run, timeoutMs: 3_600_000, signal: cancel.signal });
    await expect(started).rejects.toMatchObject({ code: "CANCELLED", details: { what: "compute.start" } });
  });

  it("takes for done what was done although it was cancelled", async () => {
    await using subject = await open();
    const { clock, host, client, guestId, run } = subject;
    const cancel = new AbortController();
    host.acts.set("start", async () => {
      cancel.abort();
      await clock.sleep(1_000);
    });
    expect(await client.run("compute.start", { guestId }, { ...run, signal: cancel.signal })).toEqual({});
  });

  it("does not send what is cancelled already", async () => {
    await using subject = await open();
    const { host, client, guestId, run } = subject;
    const sent = client.run("compute.start", { guestId }, { ...run, signal: AbortSignal.abort() });
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED" });
    expect(host.count("start", guestId)).toBe(0);
  });

  it("says which time limit a command passed", async () => {
    await using subject = await open();
    const { clock, host, client, guestId, run } = subject;
    host.acts.set("start", (signal) => untilAborted(clock, signal));
    await expect(client.run("compute.start", { guestId }, { ...run, timeoutMs: 1_234 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      details: { what: "compute.start", timeoutMs: 1_234 },
    });
  });

  it("gives up on a command whose turn does not come", async () => {
    await using subject = await open();
    const { clock, host, client, guestId, run } = subject;
    host.acts.set("start", (signal) => untilAborted(clock, signal));
    const first = client.run("compute.start", { guestId }, { ...run, timeoutMs: 600_000 });
    await expect(client.run("compute.stop", { guestId, graceMs: 0 }, run)).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      details: { what: "compute.stop" },
    });
    await expect(first).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(host.count("stop", guestId)).toBe(0);
  });

  it("gives up on a host that is silent, and says that it may have been done", async () => {
    await using subject = await open({ faults: { seed: 1, drop: 1 } });
    const { clock, client, guestId, run } = subject;
    const beganMs = clock.nowMs();
    const sent = client.run("compute.start", { guestId }, { ...run, timeoutMs: 3_600_000 });
    await expect(sent).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true });
    await expect(sent).rejects.toThrow(/whether compute.start was done is unknown/);
    expect(clock.nowMs() - beganMs).toBeLessThan(180_000);
  });

  it("is told that a newer runner has the resource", async () => {
    await using subject = await open();
    const { client, guestId, run } = subject;
    await client.run("compute.start", { guestId }, { ...run, epoch: 7 });
    await expect(client.run("compute.stop", { guestId, graceMs: 0 }, { ...run, epoch: 6 })).rejects.toMatchObject({
      code: "LOCKED",
      details: { resource: guestId, by: "epoch 7" },
    });
  });

  it("sends a long update of the network in pages", async () => {
    await using subject = await open();
    const { host, client } = subject;
    const members = Array.from({ length: 1_201 }, (_, index) => ({
      address: `10.0.${index >> 8}.${index & 255}`,
      tenant: 1,
      via: null,
    }));
    const { network } = client.bind({ operationId: null, epoch: 1, resource: "network" });
    const changes = members.map((member) => ({ kind: "member" as const, member }));
    expect(await network.apply({ revision: 3, baseRevision: 0, changes })).toEqual({ revision: 3, wanted: "nothing" });
    expect(host.updates).toHaveLength(1);
    expect(host.network.members.size).toBe(1_201);
    expect(await network.apply({ revision: 9, baseRevision: 8, changes: [] })).toEqual({
      revision: 3,
      wanted: "whole",
    });
  });

  it("takes no real time for a guest that boots ten seconds", async () => {
    await using subject = await open();
    const { clock, host, client, guestId, run } = subject;
    host.acts.set("start", () => clock.sleep(10_000));
    const beganMs = clock.nowMs();
    const began = performance.now();
    await client.run("compute.start", { guestId }, run);
    expect(clock.nowMs() - beganMs).toBe(10_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("does not lose patience while a command does real work in virtual time", async () => {
    await using subject = await open({ requestTimeoutMs: 50 });
    const { clock, host, client, guestId, run } = subject;
    host.acts.set("start", () => sleep(150));
    const beganMs = clock.nowMs();
    await client.run("compute.start", { guestId }, { ...run, timeoutMs: 100 });
    expect(clock.nowMs() - beganMs).toBe(0);
  });
});
