import { Subject } from "rxjs";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import type { HostRuntime } from "../../src/hosts/host-runtime.ts";
import type { GuestState } from "../../src/ports/guest.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import { GuestWatch } from "../../src/servers/guest-watch.ts";
import { ServerStore } from "../../src/servers/store.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  /** A server on a host that says of it what a test has it say. */
  async function fixture() {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const [hostId = ""] = fleet.hostIds;
    const servers = new ServerStore(database);
    const id = await fleet.server();
    const clock = new VirtualClock(1000);
    const host = { asked: 0, says: async (): Promise<GuestState | undefined> => undefined };
    const compute = {
      get: () => {
        host.asked += 1;
        return host.says();
      },
      list: async () => [await host.says()].filter((guest) => guest !== undefined),
    };
    const opened = { id: hostId, name: "host-1", epoch: 1, client: { bind: () => ({ compute }) } };
    const runtime = { opened: [opened], get: () => opened } as unknown as HostRuntime;
    const written = new Subject<void>();
    const closed = new AbortController();
    const suspected: string[] = [];
    const sync = {
      suspect: async (serverId: string) => void suspected.push(serverId),
      async compare() {},
      async opened() {},
    };
    const watch = new GuestWatch(database, servers, runtime, clock, silentLogger, written, sync, closed.signal);
    const set = (row: object) => database.write(database.tables.servers).where({ id }).update(row);
    const guest = (ready: GuestState["ready"], power: GuestState["power"] = "running"): GuestState => ({
      id,
      power,
      ready,
    });
    await set({ state: "active", host_id: hostId });
    const events = async () =>
      (await database.all<{ kind: string }>(database.read(database.tables.outbox).orderBy("id"))).map(
        ({ kind }) => kind,
      );
    const shown = async () => {
      const row = await servers.get(id);
      return [row?.guest, row?.guest_since_ms];
    };
    return { id, watch, host, clock, closed, suspected, set, guest, events, shown };
  }

  describe("what a host says of a guest", () => {
    it("is written down with since when, and told once", async () => {
      const { watch, guest, events, shown } = await fixture();
      await watch.changed(guest("booting"), 10);
      await watch.changed(guest("booting"), 20);
      expect(await shown()).toEqual(["booting", 10]);
      await watch.changed(guest("ready"), 30);
      expect(await shown()).toEqual(["ready", 30]);
      expect(await events()).toEqual(["server.guest.booting", "server.guest.ready"]);
    });

    it("changes nothing when it comes late", async () => {
      const { watch, guest, events, shown } = await fixture();
      await watch.changed(guest("ready"), 30);
      await watch.changed(guest("booting"), 20);
      expect(await shown()).toEqual(["ready", 30]);
      expect(await events()).toEqual(["server.guest.ready"]);
    });

    it("is looked into when its server says otherwise and no operation has it", async () => {
      const { id, watch, guest, set, suspected } = await fixture();
      await set({ busy: true });
      await watch.changed(guest("booting", "stopped"), 10);
      await set({ busy: false });
      await watch.changed(guest("ready"), 20);
      expect(suspected).toEqual([]);
      await watch.changed(guest("unknown", "stopped"), 30);
      expect(suspected).toEqual([id]);
    });

    it("is asked for again and again by the reconciler", async () => {
      const { watch, host, guest, shown, clock } = await fixture();
      host.says = async () => guest("ready");
      await watch.reconcile();
      expect(await shown()).toEqual(["ready", clock.nowMs()]);
      host.says = () => Promise.reject(new Error("no answer"));
      await expect(watch.reconcile()).resolves.toBeUndefined();
    });
  });

  describe("waiting for a guest's OS", () => {
    it("ends when the host says that it has booted", async () => {
      const { id, watch, host, guest, shown } = await fixture();
      host.says = async () => guest(host.asked < 5 ? "booting" : "ready");
      await watch.ready(id, 60_000);
      expect(host.asked).toBe(5);
      expect((await shown())[0]).toBe("ready");
      await watch.ready(id, 1);
      expect(host.asked).toBe(5);
    });

    it("ends when the time is up, also when the host hangs", async () => {
      const { id, watch, host, guest, clock } = await fixture();
      host.says = async () => guest("booting");
      const late = { code: "DEADLINE_EXCEEDED", retryable: true, details: { timeoutMs: 5000 } };
      await expect(watch.ready(id, 5000)).rejects.toMatchObject(late);
      host.says = () => clock.sleep(3_600_000).then(() => guest("ready"));
      const beganMs = clock.nowMs();
      await expect(watch.ready(id, 5000)).rejects.toMatchObject(late);
      expect(clock.nowMs() - beganMs).toBeLessThan(10_000);
    });

    it("is refused where the host cannot tell, or the server does not run, or is not there", async () => {
      const { id, watch, host, guest, set } = await fixture();
      host.says = async () => guest("unknown");
      await expect(watch.ready(id, 5000)).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await set({ state: "stopped" });
      await expect(watch.ready(id, 5000)).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "stopped", allowed: ["active", "building"] },
      });
      await set({ deleted_at_ms: 1 });
      await expect(watch.ready(id, 5000)).rejects.toMatchObject({ code: "NOT_FOUND" });
    });

    it("ends when the cloud closes", async () => {
      const { id, watch, host, guest, closed } = await fixture();
      host.says = async () => {
        closed.abort();
        return guest("booting");
      };
      await expect(watch.ready(id, 60_000)).rejects.toMatchObject({ code: "CANCELLED" });
    });
  });
});
