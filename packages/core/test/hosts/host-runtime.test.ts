import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clockHeartbeats } from "../../src/agent/heartbeats.ts";
import { InProcessBus } from "../../src/agent/in-process-bus.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { CloudHostError } from "../../src/errors.ts";
import { HostRuntime } from "../../src/hosts/host-runtime.ts";
import { HostStore } from "../../src/hosts/store.ts";
import { uuidv7Ids } from "../../src/ids.ts";
import { host } from "../../src/ports/driver-module.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import { StubHost, stubHosts } from "../agent/stubs/stub-host.ts";
import { stubImages } from "../agent/stubs/stub-images.ts";
import { overDatabases } from "../support/databases.ts";

/** By the machine's time: long enough that a busy machine renews in it. */
const leaseMs = 500;

overDatabases((open, dialect) => {
  const stub = (name: string): StubHost => {
    const made = new StubHost();
    stubHosts.set(`${dialect} ${name}`, made);
    return made;
  };
  const config = (name: string) => {
    const driver = (file: string) => ({
      module: new URL(`../agent/stubs/${file}`, import.meta.url).href,
      options: { key: `${dialect} ${name}` },
    });
    return host({ name, zone: "az-1", compute: driver("stub-compute.ts"), network: driver("stub-network.ts") });
  };

  /** A process's hosts: a bus and a folder of its own, the database everybody's. */
  async function process(database: Database) {
    const clock = systemClock();
    const ids = uuidv7Ids(clock);
    const stateDir = await mkdtemp(join(tmpdir(), "cloudhost-runtime-"));
    const hosts = new HostStore(database, ids);
    const bus = new InProcessBus({ clock });
    const runtime = new HostRuntime({
      database,
      hosts,
      imageStore: { hostImages: async () => stubImages(new StubHost()) } as never,
      bus,
      clock,
      ids,
      logger: silentLogger,
      heartbeats: clockHeartbeats(clock),
      stateDir,
      leaseMs,
      heartbeatMs: 1000,
      onBoundary: () => {},
    });
    const names = () => runtime.opened.map(({ name }) => name);
    return {
      runtime,
      hosts,
      names,
      async [Symbol.asyncDispose]() {
        await runtime[Symbol.asyncDispose]();
        await bus[Symbol.asyncDispose]();
        await rm(stateDir, { recursive: true, force: true });
      },
    };
  }

  describe("a process's hosts", () => {
    it("are up with what their drivers say they have", async () => {
      stub("host-1");
      const database = await open();
      await using one = await process(database);
      await one.runtime.openAll([config("host-1")]);
      expect(await one.hosts.named("host-1")).toMatchObject({ state: "up", milli_ecu_total: 60_000 });
      const [opened] = one.runtime.opened;
      expect(one.runtime.get(opened?.id ?? "").name).toBe("host-1");
    });

    it("that do not open are down with their reason, and are tried again", async () => {
      let broken = true;
      stub("host-1").acts.set("open", async () => {
        if (!broken) return;
        const details = { host: "host-1", reason: "libvirtd is not there" };
        throw new CloudHostError("HOST_UNAVAILABLE", "No libvirtd: systemctl start libvirtd.", details);
      });
      stub("host-2");
      const database = await open();
      await using one = await process(database);
      await one.runtime.openAll([config("host-1"), config("host-2")]);
      expect(one.names()).toEqual(["host-2"]);
      const reason = "No libvirtd: systemctl start libvirtd.";
      expect(await one.hosts.named("host-1")).toMatchObject({ state: "down", state_reason: reason });
      broken = false;
      await expect.poll(one.names, { timeout: 5000 }).toContain("host-1");
      await expect.poll(() => one.hosts.named("host-1")).toMatchObject({ state: "up", state_reason: null });
    });

    it("are one process's alone, and another's when that one lets go", async () => {
      stub("host-1");
      const database = await open();
      await using one = await process(database);
      await using other = await process(database);
      await one.runtime.openAll([config("host-1")]);
      await other.runtime.openAll([config("host-1")]);
      expect([one.names(), other.names()]).toEqual([["host-1"], []]);
      const { id = "" } = (await one.hosts.named("host-1")) ?? {};
      expect(() => other.runtime.get(id)).toThrow(expect.objectContaining({ name: "HostElsewhere" }));
      const { epoch } = one.runtime.get(id);
      await one.runtime[Symbol.asyncDispose]();
      await expect.poll(other.names, { timeout: 5000 }).toEqual(["host-1"]);
      expect(other.runtime.get(id).epoch).toBeGreaterThan(epoch);
    });

    it("stay its own for longer than a lease", async () => {
      stub("host-1");
      const database = await open();
      await using one = await process(database);
      await using other = await process(database);
      await one.runtime.openAll([config("host-1")]);
      await other.runtime.openAll([config("host-1")]);
      await new Promise((resolve) => setTimeout(resolve, 2.5 * leaseMs));
      expect([one.names(), other.names()]).toEqual([["host-1"], []]);
    });

    it("are closed when their lease is somebody else's, and opened anew when it is free again", async () => {
      stub("host-1");
      const database = await open();
      await using one = await process(database);
      await one.runtime.openAll([config("host-1")]);
      const [first] = one.runtime.opened;
      const leases = () => database.write(database.tables.host_leases);
      await leases().update({ owner: "op_fencing", epoch: 1000, lease_until_ms: Number.MAX_SAFE_INTEGER });
      await expect.poll(one.names, { timeout: 5000 }).toEqual([]);
      await leases().update({ lease_until_ms: 0 });
      await expect.poll(one.names, { timeout: 5000 }).toEqual(["host-1"]);
      expect(one.runtime.opened[0]).not.toBe(first);
    });

    it("are another's when the lease of a process that died is over", async () => {
      stub("host-1");
      const database = await open();
      await using other = await process(database);
      const row = await other.hosts.register("host-1", "az-1", 1);
      const nowMs = Number(
        (await database.first<{ ms: number }>(database.read.raw(`SELECT ${database.leaseNow()} AS ms`)))?.ms,
      );
      await database
        .write(database.tables.host_leases)
        .insert({ host_id: row.id, owner: "own_dead", epoch: 1, lease_until_ms: nowMs + 300 });
      await other.runtime.openAll([config("host-1")]);
      expect(other.names()).toEqual([]);
      await expect.poll(other.names, { timeout: 5000 }).toEqual(["host-1"]);
    });
  });
});
