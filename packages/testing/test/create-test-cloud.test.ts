import { defineFilter, isCloudHostError, systemClock, tokens } from "@cloudhost/core";
import type { BandwidthPolicy, CloudEvent } from "@cloudhost/core";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { lastValueFrom, take, toArray } from "rxjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { amy, createTestCloud, olga } from "../src/index.ts";
import type { TestCloud } from "../src/index.ts";

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const array: Item[] = [];
  for await (const item of items) array.push(item);
  return array;
}

afterEach(() => vi.unstubAllEnvs());

const webServer = { name: "web-1", flavor: "c2.e4", image: "debian-12" } as const;

describe("createTestCloud", () => {
  it("is ready for a server at once", async () => {
    await using cloud = await createTestCloud();
    const server = await (await cloud.as(amy).servers.create(webServer)).result();
    expect(server).toMatchObject({ name: "web-1", state: "active", flavor: "c2.e4", zone: "az-1", vcpus: 2 });
  });

  it("has the hosts, flavors and projects asked for", async () => {
    const tiny = { name: "tiny", vcpus: 1, milliEcuPerVcpu: 100, memoryMib: 64, systemDiskGib: 1 };
    await using cloud = await createTestCloud({
      hosts: 3,
      zones: ["az-1", "az-2"],
      flavors: [tiny],
      projects: ["mail"],
    });
    const hosts = await all(cloud.as(olga).hosts.list());
    expect(hosts.map(({ name, zone, state }) => `${name} ${zone} ${state}`).toSorted()).toEqual([
      "host-1 az-1 up",
      "host-2 az-2 up",
      "host-3 az-1 up",
    ]);
    const pat = cloud.as({ userId: "pat", projectId: "mail", roles: ["member"] });
    const server = await (await pat.servers.create({ ...webServer, flavor: "tiny" })).result();
    expect(server).toMatchObject({ state: "active", memoryMib: 64 });
  });

  it("takes a container and a scheduler of the product's own", async () => {
    const container = new Container();
    const policy: BandwidthPolicy = () => ({ internal: { rateKbit: 1000, ceilKbit: 2000 }, external: null });
    container.bind(tokens.bandwidthPolicy).toConstantValue(policy);
    const none = defineFilter({
      name: "NoSecondFilter",
      reads: { request: [], host: ["free.internalKbit", "total.internalKbit"] },
      check: (_, { free, total }) => free.internalKbit === total.internalKbit || { need: "an empty host", have: "one" },
    });
    const scheduler = filterScheduler({ filters: [none] });
    await using cloud = await createTestCloud({ hosts: 1, container, scheduler });
    const server = await (await cloud.as(amy).servers.create(webServer)).result();
    expect(server.internal).toEqual({ rateKbit: 1000, ceilKbit: 2000 });
    const second = await cloud.as(amy).servers.create(webServer);
    await expect(second.result()).rejects.toMatchObject({ code: "NO_VALID_HOST" });
    await expect(createTestCloud({ hosts: 1, container })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("tells two clouds of one process apart", async () => {
    await using one = await createTestCloud({ seed: 1, hosts: 1 });
    await using other = await createTestCloud({ seed: 1, hosts: 1 });
    one.faults.failNext("host-1", "start", { times: Infinity, code: "INTERNAL" });
    await expect((await one.as(amy).servers.create(webServer)).result()).rejects.toThrow("fault");
    const server = await (await other.as(amy).servers.create(webServer)).result();
    await one.clock.advance({ minutes: 5 });
    expect(server.state).toBe("active");
    expect(await all(other.as(amy).servers.list())).toHaveLength(1);
    expect(one.clock.nowMs() - other.clock.nowMs()).toBeGreaterThan(250_000);
  });

  it.each([{ hosts: 0 }, { hosts: [] }, { zones: [] }, { seed: 1.5 }, { database: "sqlite:x" }, { host: 2 } as object])(
    "refuses %j",
    async (options) => {
      await expect(createTestCloud(options)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );
});

describe("its clock", () => {
  it("spends no real time on a guest's boot", async () => {
    const bootMs = 120_000;
    await using cloud = await createTestCloud({ hosts: fakeFleet({ hosts: 1, bootMs }) });
    const album = cloud.as(amy);
    const beganMs = cloud.clock.nowMs();
    const { id } = await (await album.servers.create(webServer)).result();
    expect(cloud.clock.nowMs() - beganMs).toBeLessThan(bootMs);
    const ready = await album.servers.ready(id);
    expect(ready.guest.state).toBe("ready");
    expect(cloud.clock.nowMs() - beganMs).toBeGreaterThanOrEqual(bootMs);
  });

  it("settles what an hour brings", async () => {
    await using cloud = await createTestCloud({ hosts: 2 });
    const album = cloud.as(amy);
    const { id } = await (await album.servers.create(webServer)).result();
    const untilMs = cloud.clock.nowMs() + 3_600_000;
    await cloud.clock.advance({ hours: 1 });
    expect(cloud.clock.nowMs()).toBeGreaterThanOrEqual(untilMs);
    expect((await album.servers.get(id)).guest.state).toBe("ready");
    const { lastSeenAtMs } = await cloud.as(olga).hosts.get("host-1");
    expect(lastSeenAtMs).toBeGreaterThan(untilMs - 60_000);
  });

  it("may be the system's", async () => {
    await using cloud = await createTestCloud({
      clock: systemClock(),
      hosts: fakeFleet({ hosts: 1, bootMs: 10 }),
      busFaults: {},
    });
    const beganMs = Date.now();
    const { createdAtMs } = await (await cloud.as(amy).servers.create(webServer)).result();
    expect(createdAtMs).toBeGreaterThanOrEqual(beganMs);
    expect(createdAtMs).toBeLessThanOrEqual(Date.now());
  });
});

describe("its faults", () => {
  it("are tried again as in production", async () => {
    await using cloud = await createTestCloud({ hosts: 1 });
    expect(() => cloud.faults.unplug("host-2")).toThrow("host-1");
    cloud.faults.failNext("host-1", "start", { times: 1 });
    const server = await (await cloud.as(amy).servers.create(webServer)).result();
    expect(server.state).toBe("active");
  });

  it("are undone as in production", async () => {
    const hosts = fakeFleet({ hosts: 1 });
    await using world = holdFakeWorld(hosts);
    await using cloud = await createTestCloud({ hosts });
    cloud.faults.failNext("host-1", "start", { times: Infinity, code: "INTERNAL" });
    const create = await cloud.as(amy).servers.create(webServer);
    await expect(create.result()).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await cloud.as(amy).servers.get(create.resourceId)).toMatchObject({ state: "error" });
    expect((await cloud.as(amy).quotas.get()).map(({ used }) => used)).toEqual(Array(9).fill(0));
    expect(await world.read()).toMatchObject([{ guests: [], bindings: [], files: [] }]);
  });
});

describe("its seed", () => {
  /** All that a test can see of some calls made one after another. */
  async function story(cloud: TestCloud): Promise<unknown> {
    const album = cloud.as(amy);
    for (const name of ["web-1", "web-2", "web-3"]) {
      const { id } = await (await album.servers.create({ ...webServer, name })).result();
      await album.servers.ready(id);
      if (name === "web-2") await (await album.servers.delete(id)).result();
    }
    await cloud.clock.advance({ minutes: 1 });
    const servers = await all(cloud.as(olga).servers.list());
    return { servers, events: await eventsOf(cloud, servers.length), nowMs: cloud.clock.nowMs() };
  }

  const eventsOf = (cloud: TestCloud, count: number): Promise<CloudEvent[]> =>
    lastValueFrom(cloud.as(olga).events().pipe(take(count), toArray()));

  it("repeats ids, times and order", async () => {
    const busFaults = { drop: 0.2, repeat: 0.2, delayMs: 50, reorder: 0.3 };
    await using first = await createTestCloud({ seed: 42, busFaults });
    await using again = await createTestCloud({ seed: 42, busFaults });
    await using another = await createTestCloud({ seed: 43, busFaults });
    const told = await story(first);
    expect(await story(again)).toEqual(told);
    expect(await story(another)).not.toEqual(told);
  });

  it("may be given by the environment", async () => {
    vi.stubEnv("CLOUDHOST_SEED", "7");
    const told: object[] = [];
    const logger = { debug() {}, info: (fields: object) => told.push(fields), warn() {}, error() {} };
    await using cloud = await createTestCloud({ hosts: 1, logger });
    expect(cloud.seed).toBe(7);
    expect(told).toContainEqual({ faults: { drop: 0.05, repeat: 0.05, delayMs: 20, reorder: 0.1, seed: 7 } });
  });

  it("is refused when it is none", async () => {
    vi.stubEnv("CLOUDHOST_SEED", "heads");
    await expect(createTestCloud()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "CLOUDHOST_SEED is not an integer: heads.",
    });
  });
});

describe("many servers at once over a bad bus", () => {
  const busFaults = { drop: 0.15, repeat: 0.15, delayMs: 50, reorder: 0.3 };
  const unlimited = { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 };

  it.each([1, 2])("neither hang nor leave anything (seed %i)", async (seed) => {
    const hosts = fakeFleet({ hosts: 4 });
    await using world = holdFakeWorld(hosts);
    await using cloud = await createTestCloud({ hosts, seed, busFaults });
    await cloud.as(olga).quotas.set("album", unlimited);
    const album = cloud.as(amy);
    const one = async (name: string): Promise<void> => {
      const { id } = await (await album.servers.create({ ...webServer, name })).result();
      if (Number(name.at(-1)) % 3 === 0) await album.servers.ready(id);
      await (await album.servers.delete(id)).result();
    };
    await Promise.all(Array.from({ length: 16 }, (_, index) => one(`web-${index}`)));
    const { servers, resources } = await cloud.as(olga).statistics.now();
    expect({ servers, used: Object.values(resources).map(({ used }) => used) }).toEqual({
      servers: 0,
      used: [0, 0, 0, 0, 0],
    });
    await cloud.clock.advance({ minutes: 5 });
    const left = (await world.read()).flatMap(({ guests, bindings, files }) => [...guests, ...bindings, ...files]);
    expect(left).toEqual([]);
  });
});

describe("closing", () => {
  it("does not wait for a host that hangs", async () => {
    await using cloud = await createTestCloud({ hosts: 1 });
    const hang = cloud.faults.hang("host-1", "start");
    const create = await cloud.as(amy).servers.create(webServer);
    const ended = create.result().catch((error: unknown) => isCloudHostError(error, "CANCELLED"));
    await hang.reached;
    await cloud.close();
    expect(await ended).toBe(true);
    await expect(cloud.close()).resolves.toBeUndefined();
  });
});
