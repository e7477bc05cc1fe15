import type { ActorCloud, CloudEvent } from "@cloudhost/core";
import { tokens } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import type { TestCloud, TestCloudOptions } from "@cloudhost/testing";
import { Container } from "inversify";
import { describe, expect, it } from "vitest";
import { overDatabases } from "./over-databases.ts";
import { returned } from "./returned.ts";
import { created } from "./web-server.ts";

const larger = { name: "c2.e2", vcpus: 2, milliEcuPerVcpu: 1000, memoryMib: 2048, systemDiskGib: 10 };

overDatabases((open) => {
  /** A running server, and a hand on its host that goes past the store. */
  async function fixture(options: TestCloudOptions = {}) {
    const container = new Container();
    const cloud: TestCloud = await open({ hosts: fakeFleet({ hosts: 1 }), busFaults: {}, container, ...options });
    const album = cloud.as(amy);
    const server = await created(album);
    await album.servers.ready(server.id);
    const runtime = container.get(tokens.runtime);
    const [host] = runtime.opened;
    if (host === undefined) throw new Error("no host");
    const { compute } = host.client.bind({ operationId: null, epoch: host.epoch, resource: host.id });
    const events: CloudEvent[] = [];
    cloud
      .as(olga)
      .events()
      .subscribe((event) => events.push(event));
    const drifts = () => events.flatMap(({ kind, data }) => (kind.includes("drift") ? [[kind, data]] : []));
    const shown = async () => {
      const { state, fault, busy } = await album.servers.get(server.id);
      return { state, fault: fault?.code, busy };
    };
    return { cloud, album, server, compute, container, drifts, shown };
  }
  /** As {@link fixture}, the server rescued or resized, and the way back. */
  async function keptFixture(state: "rescued" | "resized", options: TestCloudOptions = {}) {
    const test = await fixture(options);
    const { cloud, album, server } = test;
    // With a larger disk, it cannot be resized while it runs.
    await cloud.as(olga).flavors.create({ ...larger, systemDiskGib: 20 });
    const { id } = server;
    const begun = state === "rescued" ? album.servers.rescue(id) : album.servers.resize(id, { flavor: "c2.e2" });
    await (await begun).result();
    const back = async () =>
      (await (state === "rescued" ? album.servers.unrescue(id) : album.servers.revertResize(id))).result();
    return { ...test, back };
  }

  const quiet = { busy: false } as const;

  describe("a guest that was changed behind our back", () => {
    it("is recorded as stopped, with a fault that says so, and starts again when it is asked to", async () => {
      const { cloud, album, server, compute, drifts, shown } = await fixture();
      await compute.stop(server.id, 0);
      await cloud.clock.advance({ seconds: 5 });
      expect(await shown()).toEqual({ ...quiet, state: "stopped", fault: "CONFLICT" });
      const told = [["server.drift.stopped", { expected: "running", found: "stopped", done: "recorded" }]];
      await expect.poll(drifts).toEqual(told);
      await cloud.clock.advance({ minutes: 3 });
      expect(drifts()).toEqual(told);
      await (await album.servers.start(server.id)).result();
      expect(await shown()).toEqual({ ...quiet, state: "active", fault: undefined });
    });

    it("is recorded as active when it was started", async () => {
      const { cloud, album, server, compute, drifts, shown } = await fixture();
      await (await album.servers.stop(server.id)).result();
      await compute.start(server.id);
      await cloud.clock.advance({ minutes: 2 });
      expect(await shown()).toEqual({ ...quiet, state: "active", fault: undefined });
      await expect.poll(drifts).toMatchObject([["server.drift.running", { expected: "stopped", done: "recorded" }]]);
    });

    it("is an error when it is gone, claims what it claimed, and can be deleted", async () => {
      const { cloud, album, server, compute, drifts, shown } = await fixture();
      await compute.remove(server.id);
      await cloud.clock.advance({ minutes: 2 });
      expect(await shown()).toEqual({ ...quiet, state: "error", fault: "GUEST_NOT_FOUND" });
      await expect.poll(drifts).toMatchObject([["server.drift.missing", { found: "missing" }]]);
      expect((await cloud.as(olga).statistics.now()).servers).toBe(1);
      await (await album.servers.delete(server.id)).result();
      expect((await cloud.as(olga).statistics.now()).servers).toBe(0);
    });

    it("is an error, too, when it is found gone by an operation, which fails", async () => {
      const { cloud, album, server, compute, shown } = await fixture();
      await (await album.servers.stop(server.id)).result();
      await compute.remove(server.id);
      const start = await album.servers.start(server.id);
      await expect(start.result()).rejects.toMatchObject({ code: "GUEST_NOT_FOUND" });
      expect(await album.operations.get(start.id)).toMatchObject({ state: "failed" });
      await cloud.clock.advance({ minutes: 2 });
      expect(await shown()).toEqual({ ...quiet, state: "error", fault: "GUEST_NOT_FOUND" });
    });

    it.each([
      ["pause", async (album: ActorCloud, id: string) => album.servers.pause(id)],
      ["unpause", async (album: ActorCloud, id: string) => album.servers.unpause(id)],
      ["change", async (album: ActorCloud, id: string) => album.servers.resize(id, { flavor: "c2.e2" })],
    ] as const)("is stopped, too, when a %s finds it so, which fails", async (method, ask) => {
      const { cloud, album, server, shown } = await fixture();
      if (method === "unpause") await (await album.servers.pause(server.id)).result();
      await cloud.as(olga).flavors.create(larger);
      const hang = cloud.faults.hang("host-1", method);
      const operation = await ask(album, server.id);
      await hang.reached;
      // Its guests stop dead.
      await cloud.power.cut("host-1");
      await cloud.power.restore("host-1");
      hang.release();
      await expect(operation.result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await album.operations.get(operation.id)).toMatchObject({ state: "failed" });
      await cloud.clock.advance({ minutes: 2 });
      expect(await shown()).toEqual({ ...quiet, state: "stopped", fault: "CONFLICT" });
    });

    it("is put back where the policy says so", async () => {
      const { cloud, album, server, compute, drifts, shown } = await fixture({
        drift: { stopped: "restart", started: "stop" },
      });
      await compute.stop(server.id, 0);
      await cloud.clock.advance({ minutes: 3 });
      expect(await shown()).toEqual({ ...quiet, state: "active", fault: undefined });
      await (await album.servers.stop(server.id)).result();
      await compute.start(server.id);
      await cloud.clock.advance({ minutes: 3 });
      expect(await shown()).toMatchObject({ ...quiet, state: "stopped" });
      const done = drifts().map(([, data]) => (data as { done: string }).done);
      expect(done).toContain("stopping");
    });

    it("is let alone while an operation has its server, and when an operation was faster", async () => {
      const { cloud, album, server, container, drifts, shown } = await fixture();
      const sync = container.get(tokens.powerSync);
      const comparisons = container.get(tokens.comparisons);
      const compared = await comparisons.compared(server.id);
      await (await album.servers.reboot(server.id)).result();
      const late = comparisons.drifted(compared as NonNullable<typeof compared>, "stopped", null);
      const written = container.get(tokens.database).run({ statements: [late], result: undefined });
      await expect(written).rejects.toMatchObject({ guard: "state" });
      expect(await shown()).toMatchObject({ state: "active" });
      const reboot = await album.servers.reboot(server.id);
      await sync.suspect(server.id);
      await reboot.result();
      await cloud.clock.advance({ minutes: 2 });
      expect(await shown()).toMatchObject({ ...quiet, state: "active" });
      expect(drifts()).toEqual([]);
    });

    it("of no server is told once, and left alone", async () => {
      const { cloud, compute, container, server } = await fixture();
      const id = container.get(tokens.ids).next("srv");
      const host = container.get(tokens.runtime).opened[0];
      if (host === undefined) throw new Error("no host");
      const sync = container.get(tokens.powerSync);
      const guests = [{ id, power: "running" as const, ready: "unknown" as const }];
      const events: CloudEvent[] = [];
      cloud
        .as(olga)
        .events()
        .subscribe((event) => events.push(event));
      const known = await compute.list();
      await sync.compare(host, [...known, ...guests]);
      await sync.compare(host, [...known, ...guests]);
      const unknown = () => events.filter(({ kind }) => kind === "host.guest.unknown").map(({ data }) => data);
      await expect.poll(unknown).toEqual([{ host: host.name, guestId: id, name: id, power: "running" }]);
      expect(await cloud.as(amy).servers.get(server.id)).toMatchObject({ state: "active" });
    });

    it("is stopped once its resize is confirmed", async () => {
      const { album, cloud, compute, server, shown } = await keptFixture("resized");
      await compute.stop(server.id, 0);
      await cloud.clock.advance({ minutes: 2 });
      await (await album.servers.confirmResize(server.id)).result();
      expect(await shown()).toEqual({ ...quiet, state: "stopped", fault: "CONFLICT" });
      expect(await (await album.servers.start(server.id)).result()).toMatchObject({ state: "active", fault: null });
    });

    describe.each(["rescued", "resized"] as const)("while its server is %s", (state) => {
      it("is recorded as stopped by a fault alone, once, and there is a way back", async () => {
        const { back, cloud, compute, drifts, server, shown } = await keptFixture(state);
        await compute.stop(server.id, 0);
        await cloud.clock.advance({ minutes: 3 });
        expect(await shown()).toEqual({ ...quiet, state, fault: "CONFLICT" });
        await expect
          .poll(drifts)
          .toEqual([["server.drift.stopped", { expected: "running", found: "stopped", done: "recorded" }]]);
        expect(await back()).toMatchObject({ state: "active", fault: null });
      });

      it("is started again where the policy says so, and is what it was", async () => {
        const { back, cloud, compute, drifts, server, shown } = await keptFixture(state, {
          drift: { stopped: "restart" },
        });
        await compute.stop(server.id, 0);
        await cloud.clock.advance({ minutes: 3 });
        expect(await shown()).toEqual({ ...quiet, state, fault: undefined });
        expect(await compute.get(server.id)).toMatchObject({ power: "running" });
        await expect.poll(drifts).toMatchObject([["server.drift.stopped", { done: "restarting" }]]);
        expect(await back()).toMatchObject({ state: "active" });
      });

      it("is started again when its host is back", async () => {
        const { back, cloud, server, shown, drifts } = await keptFixture(state);
        await cloud.power.cut("host-1");
        await (await cloud.as(olga).hosts.fence("host-1", { evenIfUp: true })).result();
        await returned(cloud, "host-1");
        await cloud.clock.advance({ seconds: 30 });
        expect(await shown()).toEqual({ ...quiet, state, fault: undefined });
        await expect.poll(drifts).toMatchObject([["server.drift.stopped", { done: "restarting" }]]);
        expect(await cloud.as(amy).servers.get(server.id)).toMatchObject({ state });
        expect(await back()).toMatchObject({ state: "active" });
      });
    });
  });

  describe("a host that came back", () => {
    it.each(["as-before", "stopped"] as const)("has its guests %s", async (afterHostRestart) => {
      const { cloud, server, compute, container, shown } = await fixture({ drift: { afterHostRestart } });
      const sync = container.get(tokens.powerSync);
      const [host] = container.get(tokens.runtime).opened;
      if (host === undefined) throw new Error("no host");
      const { tables, write } = container.get(tokens.database);
      const row = write(tables.servers).where({ id: server.id });
      // Held, so that nobody looks between.
      await row.clone().update({ busy: true });
      await compute.stop(server.id, 0);
      await cloud.clock.advance({ seconds: 1 });
      await row.clone().update({ busy: false });
      const guests = [{ id: server.id, power: "stopped" as const, ready: "unknown" as const }];
      await sync.opened({ ...host, recovery: { ...host.recovery, guests } });
      expect(await shown()).toMatchObject({ ...quiet });
      expect((await shown()).state).toBe(afterHostRestart === "as-before" ? "active" : "stopped");
    });
  });
});
