import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { agentBoundaries, heartbeatThread } from "../../src/agent/index.ts";
import { CloudHostError, VirtualClock, hostCommands, systemClock } from "../../src/ports/index.ts";
import type { HostReport } from "../../src/ports/index.ts";
import { StubAgent } from "./stubs/open-stub.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const reportsOf = <Kind extends HostReport["kind"]>(stub: StubAgent, kind: Kind) =>
  stub.reports.filter((report): report is Extract<HostReport, { kind: Kind }> => report.kind === kind);

describe("openHostAgent", () => {
  it("opens and recovers the network first, then the guests, each in a folder of its own", async () => {
    await using stub = await StubAgent.open();
    expect(stub.host.calls.slice(0, 4)).toEqual(["open network", "open compute", "recover network", "recover compute"]);
    expect((await readdir(stub.stateDir)).toSorted()).toEqual(["commands.journal", "compute", "lock.1", "network"]);
  });

  it("says what the host has", async () => {
    await using stub = await StubAgent.open();
    await stub.clock.sleep(1);
    const { inventory } = stub.agent;
    expect(inventory).toMatchObject({ guestCores: 15, milliEcu: 60_000, internalKbit: 500_000 });
    expect(inventory.capabilities).toMatchObject({ cpuQuota: true, shaping: true });
    expect(reportsOf(stub, "inventory")).toEqual([{ kind: "inventory", host: stub.name, inventory }]);
  });

  it("tells which holders of images are no guests, and releases none", async () => {
    await using stub = await StubAgent.make();
    const [guestId, holder] = [stub.ids.next("srv"), stub.ids.next("srv")];
    stub.host.guests.set(guestId, { id: guestId, power: "running", ready: "ready" });
    stub.host.holders.add(guestId).add(holder);
    const { recovery } = await stub.open();
    expect(recovery.guests).toEqual([{ id: guestId, power: "running", ready: "ready" }]);
    expect(recovery.holdersWithoutGuest).toEqual([holder]);
    expect(stub.host.count("release", holder)).toBe(0);
  });

  it("closes the drivers from the last to the first, when their signal has fired", async () => {
    await using stub = await StubAgent.open();
    await stub.agent[Symbol.asyncDispose]();
    expect(stub.host.calls.slice(-2)).toEqual(["dispose compute closed", "dispose network"]);
  });

  it("refuses a folder that another agent has", async () => {
    await using stub = await StubAgent.open();
    await expect(stub.open()).rejects.toMatchObject({ code: "LOCKED", details: { resource: stub.stateDir } });
  });

  it("passes on why a driver does not open, and leaves nothing open", async () => {
    await using stub = await StubAgent.make();
    const error = new CloudHostError("DEPENDENCY_MISSING", "No libvirtd.", {
      dependency: "libvirtd",
      remedy: "Start it.",
    });
    stub.host.acts.set("open", async (_signal, subject) => {
      if (subject === "compute") throw error;
    });
    await expect(stub.open()).rejects.toBe(error);
    expect(stub.host.calls).toEqual(["open network", "open compute", "dispose network"]);
    stub.host.acts.clear();
    await stub.open();
    expect(stub.host.count("recover", "compute")).toBe(1);
  });

  it("is unavailable when something else fails, and says why", async () => {
    await using stub = await StubAgent.make();
    stub.host.acts.set("recover", () => Promise.reject(new Error("the disk is gone")));
    await expect(stub.open()).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      details: { host: stub.name, reason: "the disk is gone" },
    });
  });

  it("says that a driver's module is missing, is of another kind, or does not take its options", async () => {
    await using stub = await StubAgent.make();
    const { config } = stub;
    const missing = { ...config, compute: { module: "file:///no/such/driver.js", options: {} } };
    await expect(stub.open({ config: missing })).rejects.toMatchObject({
      code: "DEPENDENCY_MISSING",
      details: { dependency: "file:///no/such/driver.js" },
    });
    await expect(stub.open({ config: { ...config, compute: config.network } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { issues: [{ path: "compute.module" }] },
    });
    const mistaken = { ...config, compute: { ...config.compute, options: { key: stub.name, kye: 1 } } };
    await expect(stub.open({ config: mistaken })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(stub.host.count("recover", "compute")).toBe(0);
  });
});

describe("HostAgent's commands", () => {
  it("runs a command once, however often it comes", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock, host } = stub;
    const guestId = stub.ids.next("srv");
    const start = stub.command("compute.start", guestId);
    host.acts.set("start", () => clock.sleep(500));
    const accepted = { accepted: true, commandId: start.commandId };
    expect(await Promise.all([bus.send(name, start), bus.send(name, start)])).toEqual([accepted, accepted]);
    expect(await bus.status(name, start.commandId)).toMatchObject({ state: "running" });
    await clock.sleep(1_000);
    expect(await bus.send(name, start)).toEqual(accepted);
    expect(await bus.status(name, start.commandId)).toEqual({
      state: "succeeded",
      commandId: start.commandId,
      result: {},
    });
    expect(host.count("start", guestId)).toBe(1);
    expect(reportsOf(stub, "commandEnded")).toHaveLength(1);
  });

  it("answers a repeat from its journal after a restart", async () => {
    await using stub = await StubAgent.open();
    const guestId = stub.ids.next("srv");
    const reboot = stub.command("compute.reboot", guestId);
    await stub.bus.send(stub.name, reboot);
    await stub.clock.sleep(1);
    await stub.reopen();
    expect(await stub.bus.send(stub.name, reboot)).toMatchObject({ accepted: true });
    expect(await stub.bus.status(stub.name, reboot.commandId)).toMatchObject({
      state: "failed",
      error: { code: "GUEST_NOT_FOUND" },
    });
    expect(stub.host.count("reboot", guestId)).toBe(1);
  });

  it("refuses arguments that are not of the command's kind", async () => {
    await using stub = await StubAgent.open();
    const start = stub.command("compute.start", stub.ids.next("srv"), { args: { guestId: "srv_7" } });
    expect(await stub.bus.send(stub.name, start)).toMatchObject({
      accepted: false,
      error: { code: "INVALID_ARGUMENT", details: { issues: [{ path: "guestId" }] } },
    });
    expect(await stub.bus.status(stub.name, start.commandId)).toMatchObject({ state: "unknown" });
  });

  it("journals nothing for those who only ask, and forgets their answers at its end", async () => {
    await using stub = await StubAgent.open();
    const get = stub.command("compute.get", stub.ids.next("srv"));
    await stub.bus.send(stub.name, get);
    await stub.clock.sleep(1);
    expect(await stub.bus.status(stub.name, get.commandId)).toMatchObject({
      state: "succeeded",
      result: { guest: null },
    });
    await stub.reopen();
    expect(await stub.bus.status(stub.name, get.commandId)).toMatchObject({ state: "unknown" });
  });

  it("answers those who only ask while a long command has their guest", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock } = stub;
    const guestId = stub.ids.next("srv");
    stub.host.acts.set("stop", () => clock.sleep(20_000));
    const stop = stub.command("compute.stop", guestId);
    const get = stub.command("compute.get", guestId);
    await bus.send(name, stop);
    await bus.send(name, get);
    await clock.sleep(1);
    expect(await bus.status(name, get.commandId)).toMatchObject({ state: "succeeded" });
    expect(await bus.status(name, stop.commandId)).toMatchObject({ state: "running" });
  });

  it("stops a guest while eight transfers go on", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock, ids, host } = stub;
    host.acts.set("ensure", () => clock.sleep(3_600_000));
    for (let transfer = 0; transfer < 8; transfer += 1) {
      const holder = ids.next("srv");
      const args = { imageId: ids.next("img"), digest: "sha256:0", holder };
      await bus.send(name, stub.command("images.ensure", holder, { args, timeoutMs: 7_200_000 }));
    }
    const stop = stub.command("compute.stop", ids.next("srv"));
    const beganMs = clock.nowMs();
    await bus.send(name, stop);
    await clock.sleep(1);
    expect(await bus.status(name, stop.commandId)).toMatchObject({ state: "succeeded" });
    expect(clock.nowMs() - beganMs).toBeLessThan(1_000);
  });

  it("cancels a command under way, one that waits, and one that only comes", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock, host } = stub;
    const guestId = stub.ids.next("srv");
    host.acts.set("start", (signal) => clock.sleep(600_000, signal));
    const running = stub.command("compute.start", guestId, { timeoutMs: 700_000 });
    const waiting = stub.command("compute.stop", guestId);
    const late = stub.command("compute.remove", guestId);
    await bus.send(name, running);
    await bus.send(name, waiting);
    await bus.cancel(name, waiting.commandId);
    expect(await bus.status(name, waiting.commandId)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
    await bus.cancel(name, running.commandId);
    await clock.sleep(1);
    expect(await bus.status(name, running.commandId)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
    await bus.cancel(name, late.commandId);
    expect(await bus.send(name, late)).toMatchObject({ accepted: false, error: { code: "CANCELLED" } });
    await bus.cancel(name, running.commandId);
    expect(await bus.status(name, running.commandId)).toMatchObject({ state: "failed" });
    expect(host.calls.filter((call) => /^(stop|remove)/.test(call))).toEqual([]);
  });

  it("does not begin a command that a newer runner overtook in the queue", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock, host } = stub;
    const guestId = stub.ids.next("srv");
    host.acts.set("start", () => clock.sleep(5_000));
    await bus.send(name, stub.command("compute.start", guestId, { epoch: 1 }));
    const zombies = stub.command("compute.remove", guestId, { epoch: 1 });
    await bus.send(name, zombies);
    await bus.send(name, stub.command("compute.stop", guestId, { epoch: 2 }));
    await clock.sleep(10_000);
    expect(await bus.status(name, zombies.commandId)).toMatchObject({ state: "failed", error: { code: "LOCKED" } });
    expect(host.count("remove", guestId)).toBe(0);
    expect(host.count("stop", guestId)).toBe(1);
  });

  it("lets the next command for a guest wait until the driver is no longer at it", async () => {
    await using stub = await StubAgent.open();
    const { bus, name, clock, host } = stub;
    const guestId = stub.ids.next("srv");
    host.acts.set("start", () => clock.sleep(40_000));
    const start = stub.command("compute.start", guestId, { timeoutMs: 1_000 });
    await bus.send(name, start);
    await bus.send(name, stub.command("compute.stop", guestId));
    await clock.sleep(10_000);
    expect(await bus.status(name, start.commandId)).toMatchObject({ error: { code: "DEADLINE_EXCEEDED" } });
    expect(host.count("stop", guestId)).toBe(0);
    await clock.sleep(40_000);
    expect(host.count("stop", guestId)).toBe(1);
  });

  it("fails a command whose driver answers what is no result", async () => {
    await using stub = await StubAgent.open();
    stub.host.acts.set("freezeDisk", async () => ({ path: "not absolute", format: "raw", chain: [] }));
    const guestId = stub.ids.next("srv");
    const args = { guestId, snapshotId: stub.ids.next("snp") };
    const freeze = stub.command("compute.freezeDisk", guestId, { args });
    await stub.bus.send(stub.name, freeze);
    await stub.clock.sleep(1);
    expect(await stub.bus.status(stub.name, freeze.commandId)).toMatchObject({ error: { code: "INTERNAL" } });
  });
});

describe("HostAgent's reports", () => {
  it("tells what its guests do", async () => {
    const clock = systemClock();
    await using stub = await StubAgent.open({ clock });
    const guest = { id: stub.ids.next("srv"), power: "running", ready: "booting" } as const;
    stub.host.emit(guest);
    await expect.poll(() => reportsOf(stub, "guestChanged")).toMatchObject([{ host: stub.name, guest }]);
  });

  it("looks at the host each minute", async () => {
    const clock = new VirtualClock();
    await using stub = await StubAgent.open({ clock });
    const id = stub.ids.next("srv");
    stub.host.guests.set(id, { id, power: "running", ready: "ready" });
    await clock.advance({ minutes: 2 });
    expect(reportsOf(stub, "inventory")).toHaveLength(3);
    expect(reportsOf(stub, "guestChanged")).toHaveLength(2);
    expect(reportsOf(stub, "heartbeat").map(({ sequence }) => sequence)).toHaveLength(60);
  });

  it("looks again after a hypervisor that did not answer", async () => {
    const clock = new VirtualClock();
    await using stub = await StubAgent.open({ clock });
    stub.host.acts.set("inventory", () => clock.waiting(new Promise(() => {})));
    await clock.advance({ minutes: 1 });
    stub.host.acts.delete("inventory");
    await clock.advance({ minutes: 1 });
    expect(reportsOf(stub, "inventory")).toHaveLength(2);
  });

  it("follows the guests anew when their events have ended", async () => {
    const clock = new VirtualClock();
    await using stub = await StubAgent.open({ clock });
    stub.host.breakEvents();
    await clock.advance({ minutes: 1 });
    const guest = { id: stub.ids.next("srv"), power: "stopped", ready: "unknown" } as const;
    stub.host.emit(guest);
    await expect.poll(() => reportsOf(stub, "guestChanged")).toMatchObject([{ guest }]);
  });

  it("tells how far a transfer is, and which network holds", async () => {
    await using stub = await StubAgent.open();
    const holder = stub.ids.next("srv");
    const args = { imageId: stub.ids.next("img"), digest: "sha256:0", holder };
    await stub.bus.send(stub.name, stub.command("images.ensure", holder, { args }));
    const page = { revision: 3, baseRevision: 0, changes: [], page: { index: 0, of: 1 } };
    await stub.bus.send(stub.name, stub.command("network.apply", holder, { resource: "network", args: page }));
    await stub.clock.sleep(1);
    expect(reportsOf(stub, "commandProgress")).toMatchObject([{ percent: 50 }]);
    expect(reportsOf(stub, "networkApplied")).toEqual([{ kind: "networkApplied", host: stub.name, revision: 3 }]);
  });

  it("misses no beat while a command keeps its lane for five seconds", async () => {
    await using heartbeats = heartbeatThread();
    const clock = systemClock();
    await using stub = await StubAgent.open({ clock, agent: { heartbeats, heartbeatMs: 100 } });
    stub.host.acts.set("stop", () => sleep(5_000));
    const stop = stub.command("compute.stop", stub.ids.next("srv"));
    await stub.bus.send(stub.name, stop);
    await expect.poll(() => reportsOf(stub, "commandEnded").length, { timeout: 10_000 }).toBe(1);
    const beats = reportsOf(stub, "heartbeat").map(({ sequence }) => sequence);
    // Fifty on an idle machine; a thread that waited for the lane would have sent none or one.
    expect(beats.length).toBeGreaterThanOrEqual(25);
    expect(beats).toEqual(beats.map((_, index) => index + 1));
    expect(new Set(reportsOf(stub, "heartbeat").map(({ instance }) => instance))).toEqual(
      new Set([stub.agent.instance]),
    );
  });
});

describe("HostAgent after it was killed", () => {
  it.each([
    ["agent:journalled compute.start", "unknown"],
    ["agent:effect compute.start", "unknown"],
    ["agent:ended compute.start", "succeeded"],
  ])("at %s answers what the disk knows, and runs again what it does not", async (boundary, state) => {
    await using folder = await temporaryFolder();
    await using stub = await StubAgent.make({ clock: systemClock(), stateDir: folder.path });
    const guestId = stub.ids.next("srv");
    const start = stub.command("compute.start", guestId);
    const program = new URL("./killed-agent.ts", import.meta.url).pathname;
    const child = spawn(process.execPath, [program, folder.path, boundary, JSON.stringify(start)], {
      stdio: "inherit",
    });
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);

    const { recovery } = await stub.open();
    const interrupted = state === "unknown" ? [start.commandId] : [];
    expect(recovery.interrupted.map(({ commandId }) => commandId)).toEqual(interrupted);
    expect(await stub.bus.status(stub.name, start.commandId)).toMatchObject({ state });
    expect(await stub.bus.send(stub.name, start)).toMatchObject({ accepted: true });
    await expect.poll(() => stub.bus.status(stub.name, start.commandId)).toMatchObject({ state: "succeeded" });
    expect(stub.host.count("start", guestId)).toBe(interrupted.length);
  });

  it("can be killed at a boundary of each command that changes something, and of no other", () => {
    expect(agentBoundaries).toContain("agent:effect images.ingest");
    expect(agentBoundaries.some((name) => name.includes("compute.get"))).toBe(false);
    const changing = Object.values(hostCommands).filter(({ changes }) => changes);
    expect(agentBoundaries).toHaveLength(3 * changing.length);
  });
});
