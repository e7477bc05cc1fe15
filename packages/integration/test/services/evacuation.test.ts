import { isCloudHostError } from "@cloudhost/core";
import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import { claimed, created, nothingClaimed } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";
import { returned } from "./returned.ts";

const cpuModels = [{ model: "Intel(R) Xeon(R) CPU E5-2650 0", cores: 16 }];

const addressesOf = ({ addresses }: { readonly addresses: readonly { readonly address: string }[] }) =>
  addresses.map(({ address }) => address);

overDatabases((open) => {
  /** A cloud with one server, whose host is `dead` and dies by {@link die}. */
  async function setUp(hosts = 2) {
    const fleet = fakeFleet({ hosts, cpuModels });
    const world = holdFakeWorld(fleet);
    const cloud = await open({ hosts: fleet, busFaults: {} });
    const [album, ops] = [cloud.as(amy), cloud.as(olga)];
    const server = await created(album);
    const dead = (await ops.servers.get(server.id)).host ?? "";
    const die = async (): Promise<void> => {
      await cloud.power.cut(dead);
      await cloud.clock.advance({ seconds: 20 });
    };
    const guests = async () =>
      (await world.read()).flatMap(({ host, guests: there }) =>
        there.map(({ spec, power }) => ({ where: host === dead ? "dead" : "alive", id: spec.id, power })),
      );
    const view = async (host: string) => (await world.read()).find((one) => one.host === host);
    return {
      cloud,
      album,
      ops,
      server,
      dead,
      die,
      guests,
      view,
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    };
  }

  describe("a host that is silent", () => {
    it("is down, and its servers stay its own until it is fenced", async () => {
      await using test = await setUp();
      const { ops, dead, die, server } = test;
      await die();
      expect(await ops.hosts.get(dead)).toMatchObject({ state: "down", fencing: null });
      const refused = { code: "CONFLICT", details: { state: "down", allowed: ["fenced"] } };
      await expect(ops.servers.evacuate(server.id)).rejects.toMatchObject(refused);
      await expect(ops.hosts.evacuate(dead)).rejects.toMatchObject(refused);
      expect(await ops.servers.get(server.id)).toMatchObject({ state: "active", busy: false, host: dead });
    });

    it("is fenced, evacuated, and comes back without what was evacuated", async () => {
      await using test = await setUp();
      const { album, cloud, ops, dead, die, guests, server, view } = test;
      const [before, quotas] = [await claimed(cloud), await album.quotas.get()];
      await die();
      const fenced = await (await ops.hosts.fence(dead)).result();
      expect(fenced).toMatchObject({
        state: "down",
        enabled: false,
        fencing: { state: "fenced", by: "fake power switch", sinceMs: expect.any(Number) as number },
      });
      await expect(ops.hosts.enable(dead)).rejects.toMatchObject({ code: "CONFLICT", details: { state: "fenced" } });
      expect((await album.servers.get("web-1")).guest.state).toBe("unknown");

      const { operations, refused } = await ops.hosts.evacuate(dead);
      expect([operations.length, refused]).toEqual([1, []]);
      const moved = await operations[0]?.result();
      expect(moved).toMatchObject({ id: server.id, state: "active", busy: false });
      expect(moved?.host).not.toBe(dead);
      expect(addressesOf(moved ?? server)).toEqual(addressesOf(server));
      expect(await guests()).toEqual(
        expect.arrayContaining([
          { where: "dead", id: server.id, power: "stopped" },
          { where: "alive", id: server.id, power: "running" },
        ]),
      );
      expect([await claimed(cloud), await album.quotas.get()]).toEqual([before, quotas]);

      expect(await returned(cloud, dead)).toMatchObject({ state: "up", enabled: false, fencing: null });
      expect(await guests()).toEqual([{ where: "alive", id: server.id, power: "running" }]);
      expect(await view(dead)).toMatchObject({ bindings: [], files: [] });
      await ops.hosts.enable(dead);
      await (await ops.servers.migrate(server.id, { host: dead })).result();
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "running" }]);
      const said = (await all(ops.log.list({ resource: fenced.id }))).map(
        ({ method, result }) => `${method} ${result}`,
      );
      expect(said).toEqual(
        expect.arrayContaining(["hosts.fence accepted", "hosts.fence succeeded", "hosts.unfence succeeded"]),
      );
    });

    it("has its other servers as before when it comes back", async () => {
      await using test = await setUp();
      const { album, cloud, ops, dead, die, guests, server } = test;
      await die();
      await (await ops.hosts.fence(dead, { confirmedBy: "power cable pulled, rack 4" })).result();
      expect(await ops.hosts.get(dead)).toMatchObject({ fencing: { by: "power cable pulled, rack 4" } });
      const unfence = await ops.hosts.unfence(dead);
      await cloud.clock.advance({ seconds: 10 });
      // Whoever pulled the cable plugs it in again: so long the operation waits.
      expect(await ops.operations.get(unfence.id)).toMatchObject({ state: "running" });
      await cloud.power.restore(dead);
      await cloud.clock.advance({ seconds: 60 });
      expect(await unfence.result()).toMatchObject({ state: "up", fencing: null });
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "running" }]);
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", fault: null });
    });
  });

  describe("fencing", () => {
    it("is refused while heartbeats arrive, unless it is said", async () => {
      await using test = await setUp();
      const { ops, dead, guests, server } = test;
      await expect(ops.hosts.fence(dead)).rejects.toMatchObject({ code: "CONFLICT", details: { state: "up" } });
      await (await ops.hosts.fence(dead, { evenIfUp: true })).result();
      await expect(ops.hosts.fence(dead)).rejects.toMatchObject({ code: "CONFLICT", details: { state: "fenced" } });
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "stopped" }]);
    });

    it("that fails leaves the host disabled, and nothing can be evacuated from it", async () => {
      await using test = await setUp();
      const { cloud, ops, dead, die, server } = test;
      await die();
      cloud.power.failNext("fence", { code: "CONFLICT" });
      await expect((await ops.hosts.fence(dead)).result()).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await ops.hosts.get(dead)).toMatchObject({ enabled: false, fencing: null });
      await expect(ops.servers.evacuate(server.id)).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await (await ops.hosts.fence(dead)).result()).toMatchObject({ fencing: { state: "fenced" } });
    });

    it("of a cloud without a fence takes somebody who vouches for it", async () => {
      const fleet = fakeFleet({ hosts: 1 });
      const cloud = await open({ hosts: fleet, fence: undefined });
      const ops = cloud.as(olga);
      await cloud.power.cut("host-1");
      await cloud.clock.advance({ seconds: 20 });
      await expect(ops.hosts.fence("host-1")).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await (await ops.hosts.fence("host-1", { confirmedBy: "it burned down" })).result();
      expect(await ops.hosts.get("host-1")).toMatchObject({ fencing: { state: "fenced", by: "it burned down" } });
    });
  });

  describe("a deletion of a server on a fenced host", () => {
    it("ends at once, and the host comes back without it", async () => {
      await using test = await setUp();
      const { album, cloud, ops, dead, die, guests, server, view } = test;
      await die();
      await (await ops.hosts.fence(dead)).result();
      await (await album.servers.delete("web-1", { restoreMs: 86_400_000 })).result();
      expect(await album.servers.get("web-1")).toMatchObject({ state: "softDeleted", busy: false });
      await (await album.servers.delete("web-1")).result();
      expect(await claimed(cloud)).toEqual(nothingClaimed);
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "stopped" }]);
      // Its address is free for others.
      const other = await created(album, { name: "web-2" });
      expect(addressesOf(other)).toEqual(addressesOf(server));
      await returned(cloud, dead);
      expect(await view(dead)).toMatchObject({ guests: [], bindings: [], files: [] });
      expect(await ops.hosts.auditUsage()).toEqual([]);
    });

    it("for the time being is as any other once the host is back", async () => {
      await using test = await setUp();
      const { album, cloud, ops, dead, die, guests, server } = test;
      await die();
      await (await ops.hosts.fence(dead)).result();
      await (await album.servers.delete("web-1", { restoreMs: 86_400_000 })).result();
      await returned(cloud, dead);
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "stopped" }]);
      expect(await (await album.servers.restore("web-1")).result()).toMatchObject({ state: "active" });
      expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "running" }]);
    });
  });

  describe("an evacuation", () => {
    it("that fails leaves the server where it was, to be tried again", async () => {
      await using test = await setUp();
      const { cloud, ops, dead, die, guests, server } = test;
      const before = await claimed(cloud);
      await die();
      await (await ops.hosts.fence(dead)).result();
      const [alive = ""] = ["host-1", "host-2"].filter((host) => host !== dead);
      for (const method of ["define", "start"] as const) {
        cloud.faults.failNext(alive, method, { code: "CONFLICT" });
        await expect((await ops.servers.evacuate(server.id)).result()).rejects.toMatchObject({ code: "CONFLICT" });
        expect(await ops.servers.get(server.id)).toMatchObject({ state: "active", host: dead, busy: false });
        expect(await guests()).toEqual([{ where: "dead", id: server.id, power: "stopped" }]);
        expect(await claimed(cloud)).toEqual(before);
      }
      expect(await (await ops.servers.evacuate(server.id)).result()).toMatchObject({ state: "active", host: alive });
    });

    it("brings a server's further interfaces, new data disks and seed, and its old host keeps none", async () => {
      await using test = await setUp();
      const { album, cloud, ops, dead, die, view } = test;
      await (await album.servers.delete("web-1")).result();
      const [alive = ""] = ["host-1", "host-2"].filter((host) => host !== dead);
      await ops.hosts.disable(alive);
      const { id } = await created(album, { name: "web-2", userData: "#!/bin/sh\n" });
      await (await album.servers.createDisk("web-2", { sizeGib: 3, name: "data" })).result();
      const before = await (await album.servers.attachInterface("web-2")).result();
      const [claims, quotas] = [await claimed(cloud), await album.quotas.get()];
      const [guest] = (await view(dead))?.guests ?? [];
      await ops.hosts.enable(alive);
      await die();
      await (await ops.hosts.fence(dead)).result();
      const moved = await (await ops.servers.evacuate(id)).result();
      expect([moved.dataDisks, moved.addresses]).toEqual([before.dataDisks, before.addresses]);
      const now = await view(alive);
      const [{ spec } = { spec: undefined }] = now?.guests ?? [];
      expect(spec).toEqual({ ...guest?.spec, base: spec?.base });
      expect(now?.bindings.map(({ address }) => address).toSorted()).toEqual(addressesOf(before).toSorted());
      expect([await claimed(cloud), await album.quotas.get()]).toEqual([claims, quotas]);
      await returned(cloud, dead);
      expect(await view(dead)).toMatchObject({ guests: [], bindings: [], files: [] });
    });

    it("keeps the host fenced until it has ended, and is begun once", async () => {
      await using test = await setUp();
      const { cloud, ops, dead, die, server } = test;
      await die();
      await (await ops.hosts.fence(dead)).result();
      const [alive = ""] = ["host-1", "host-2"].filter((host) => host !== dead);
      using hang = cloud.faults.hang(alive, "define");
      const evacuate = await ops.servers.evacuate(server.id);
      await hang.reached;
      await expect(ops.hosts.unfence(dead)).rejects.toMatchObject({ code: "CONFLICT", retryable: true });
      const again = await ops.hosts.evacuate(dead);
      expect(again.operations.map(({ id }) => id)).toEqual([evacuate.id]);
      hang.release();
      await evacuate.result();
      expect(await ops.hosts.evacuate(dead)).toEqual({ operations: [], refused: [] });
    });

    it("makes the disk from the latest snapshot where that is said, and what was paused is stopped", async () => {
      await using test = await setUp();
      const { album, ops, dead, die, server } = test;
      const snapshot = await (await album.images.snapshot("web-1", { name: "yesterday" })).result();
      await (await album.servers.pause("web-1")).result();
      await die();
      await (await ops.hosts.fence(dead)).result();
      const moved = await (await ops.servers.evacuate(server.id, { latestSnapshot: true })).result();
      expect(moved).toMatchObject({ state: "stopped", imageId: snapshot.id });
      expect(await (await album.servers.start("web-1")).result()).toMatchObject({ state: "active" });
    });

    it("brings a whole affinity group to one host, and tells of what has no room", async () => {
      await using test = await setUp(3);
      const { album, ops, dead } = test;
      await (await album.servers.delete("web-1")).result();
      await album.serverGroups.create({ name: "together", policy: "affinity" });
      for (const name of ["one", "two"]) await created(album, { name, group: "together" });
      const home = (await ops.servers.get((await album.servers.get("one")).id)).host ?? dead;
      await (await ops.hosts.fence(home, { evenIfUp: true })).result();
      const { operations } = await ops.hosts.evacuate(home);
      const ended = await Promise.allSettled(operations.map((operation) => operation.result()));
      const hosts = ended.map((end) => (end.status === "fulfilled" ? end.value.host : end.reason));
      expect(new Set(hosts).size).toBe(1);
      expect(hosts[0]).not.toBe(home);
      await (await ops.hosts.fence(String(hosts[0]), { evenIfUp: true })).result();
      const [left = ""] = ["host-1", "host-2", "host-3"].filter((host) => host !== home && host !== hosts[0]);
      await ops.hosts.disable(left);
      const second = await ops.hosts.evacuate(String(hosts[0]));
      const codes = (await Promise.allSettled(second.operations.map((operation) => operation.result()))).map((end) =>
        end.status === "rejected" && isCloudHostError(end.reason) ? end.reason.code : "done",
      );
      expect(codes).toEqual(["NO_VALID_HOST", "NO_VALID_HOST"]);
    });

    it("leaves who was not evacuated where it was once its host is back, and a migration brings it to its group", async () => {
      await using test = await setUp(3);
      const { album, cloud, ops, server } = test;
      await (await album.servers.delete(server.id)).result();
      await album.serverGroups.create({ name: "together", policy: "affinity" });
      const [one, two] = [
        await created(album, { name: "one", group: "together" }),
        await created(album, { name: "two", group: "together" }),
      ];
      const { host: home } = await ops.servers.get(one.id);
      await cloud.power.cut(home ?? "");
      await (await ops.hosts.fence(home ?? "", { evenIfUp: true })).result();
      const moved = await (await ops.servers.evacuate(one.id)).result();
      await returned(cloud, home ?? "");
      await ops.hosts.enable(home ?? "");
      expect(moved.host).not.toBe(home);
      expect(await ops.servers.get(two.id)).toMatchObject({ state: "active", host: home });
      expect(await created(album, { name: "three", group: "together" })).toMatchObject({ state: "active" });
      expect((await ops.servers.get("three")).host).toBe(moved.host);
      expect(await (await ops.servers.migrate(two.id)).result()).toMatchObject({ host: moved.host });
    });
  });
});
