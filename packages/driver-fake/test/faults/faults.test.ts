import { systemClock } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { fakeFaults, fakeHost, holdFakeWorld } from "../../src/index.ts";
import { contextOf, openCompute } from "../open.ts";
import { openFake } from "../subject.ts";

const unavailable = { code: "HOST_UNAVAILABLE", retryable: true };

describe("faults of a fake host", () => {
  it("fail so many calls, which then have done nothing", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    world.faults.failNext("host-1", "define", { times: 2 });
    await expect(compute.define(guest)).rejects.toMatchObject(unavailable);
    await expect(compute.define(guest)).rejects.toMatchObject(unavailable);
    expect(await compute.get(guest.id)).toBeUndefined();
    await compute.define(guest);
    expect(await compute.get(guest.id)).toMatchObject({ power: "stopped" });
  });

  it("fail with the code and the retryability asked for", async () => {
    await using fake = await openFake();
    fake.world.faults.failNext("host-1", "inventory", { code: "EXHAUSTED", retryable: true });
    await expect(fake.compute.inventory()).rejects.toMatchObject({
      code: "EXHAUSTED",
      retryable: true,
      details: { resource: "disk" },
    });
  });

  it("strike one method in the order in which they were set, and no other method", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    world.faults.failNext("host-1", "start", { code: "INTERNAL" });
    world.faults.failNext("host-1", "start", { code: "UNSUPPORTED" });
    await compute.define(guest);
    await expect(compute.start(guest.id)).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(compute.start(guest.id)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await compute.start(guest.id);
    expect(await compute.get(guest.id)).toMatchObject({ power: "running" });
  });

  it("delay calls by the clock, until cleared", async () => {
    await using fake = await openFake();
    const { compute, clock, guest, world } = fake;
    await compute.define(guest);
    world.faults.delay("host-1", "get", 3000);
    const fromMs = clock.nowMs();
    await compute.get(guest.id);
    await compute.get(guest.id);
    expect(clock.nowMs() - fromMs).toBe(6000);
    world.faults.clear();
    await compute.get(guest.id);
    expect(clock.nowMs() - fromMs).toBe(6000);
  });

  it("hang calls before they do anything, until released", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    const hang = world.faults.hang("host-1", "define");
    const defining = compute.define(guest);
    await hang.reached;
    expect(await compute.get(guest.id)).toBeUndefined();
    hang.release();
    await defining;
    expect(await compute.get(guest.id)).toMatchObject({ power: "stopped" });
  });

  it("hang calls until cancelled, and let the clock go on meanwhile", async () => {
    await using fake = await openFake();
    const { compute, clock, guest, world } = fake;
    using hang = world.faults.hang("host-1", "define");
    const cancel = new AbortController();
    const defining = compute.define(guest, cancel.signal);
    await hang.reached;
    await clock.advance({ hours: 1 });
    cancel.abort();
    await expect(defining).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("let the driver close while calls hang", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    using hang = world.faults.hang("host-1", "define");
    const defining = compute.define(guest);
    await hang.reached;
    await Promise.all([expect(defining).rejects.toMatchObject({ code: "CANCELLED" }), compute[Symbol.asyncDispose]()]);
  });

  it("crash between the effect and the answer", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    world.faults.crashNext("host-1", "define");
    await expect(compute.define(guest)).rejects.toMatchObject(unavailable);
    expect(await compute.get(guest.id)).toMatchObject({ power: "stopped" });

    const hang = world.faults.hangAfterNext("host-1", "start");
    const starting = compute.start(guest.id);
    await hang.reached;
    expect(await compute.get(guest.id)).toMatchObject({ power: "running" });
    hang.release();
    await expect(starting).rejects.toMatchObject(unavailable);
  });

  it("lie about success: the state tells", async () => {
    await using fake = await openFake();
    const { compute, guest, world } = fake;
    await compute.define(guest);
    world.faults.lieNext("host-1", "start");
    await compute.start(guest.id);
    expect(await compute.get(guest.id)).toMatchObject({ power: "stopped" });
    world.faults.lieNext("host-1", "remove");
    await compute.remove(guest.id);
    expect(await compute.get(guest.id)).toBeDefined();
  });

  it("unplug a host with both its drivers; its guests go on", async () => {
    await using fake = await openFake();
    const { compute, network, guest, world } = fake;
    await compute.define(guest);
    await compute.start(guest.id);
    world.faults.unplug("host-1");
    await expect(compute.get(guest.id)).rejects.toMatchObject(unavailable);
    await expect(network.inventory()).rejects.toMatchObject(unavailable);
    world.faults.plug("host-1");
    expect(await compute.get(guest.id)).toMatchObject({ power: "running" });
    expect((await world.read())[0]?.guests[0]?.boots).toBe(1);
  });

  it("strike a host that is not open yet", async () => {
    const config = fakeHost({ name: "host-1" });
    await using world = holdFakeWorld(config);
    world.faults.failNext("host-1", "open", { code: "DEPENDENCY_MISSING" });
    const clock = systemClock();
    await expect(openCompute(config, contextOf(config, clock))).rejects.toMatchObject({ code: "DEPENDENCY_MISSING" });
    await using compute = await openCompute(config, contextOf(config, clock));
    expect(await compute.inventory()).toMatchObject({ hypervisor: "fake" });
  });

  it("are of a host that exists", async () => {
    const config = fakeHost({ name: "host-1" });
    expect(() => fakeFaults(config).unplug("host-7")).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    const stranger = { ...config, compute: { module: "file:///another.ts", options: {} } };
    expect(() => fakeFaults(stranger)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
