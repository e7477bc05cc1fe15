import { fakeFleet, holdFakeWorld } from "@cloudhost/driver-fake";
import type { FakeWorld } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it } from "vitest";
import { claimed, created } from "./web-server.ts";
import { overDatabases } from "./over-databases.ts";

/** What each guest is plugged into, and what its host holds that to. */
const nicsOf = async (world: FakeWorld) =>
  (await world.read()).flatMap(({ host, guests, bindings }) =>
    guests.map(({ spec, boots }) => ({
      host,
      boots,
      given: spec.nics.map(({ address }) => address),
      commandLine: spec.boot?.arguments,
      wanted: bindings
        .filter(({ serverId }) => serverId === spec.id)
        .map(({ address }) => address)
        .toSorted(),
      kbit: bindings.map(({ internal, external }) => [internal.rateKbit, internal.ceilKbit, external?.ceilKbit]),
    })),
  );

overDatabases((open) => {
  describe("a further interface", () => {
    it("comes and goes while the server runs, and shares the bandwidth that the server bought", async () => {
      const fleet = fakeFleet({ hosts: 2 });
      await using world = holdFakeWorld(fleet);
      const cloud = await open({ hosts: fleet, busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      const { internal, addresses } = await created(album, { externalKbit: 5000 });
      const before = await claimed(cloud);
      const first = addresses[0]?.address ?? "";
      const { state, addresses: both, id } = await (await album.servers.attachInterface("web-1")).result();
      expect(state).toBe("active");
      expect(both).toHaveLength(2);
      expect(both[0]?.address).toBe(first);
      const second = both[1]?.address ?? "";
      const half = [internal.rateKbit / 2, internal.ceilKbit / 2, 2500];
      expect(await nicsOf(world)).toMatchObject([
        { boots: 1, given: [first, second], wanted: [first, second].toSorted(), kbit: [half, half] },
      ]);
      expect(await claimed(cloud)).toEqual(before);

      // Both move with it.
      const [{ host } = { host: "" }] = await nicsOf(world);
      await (await ops.servers.migrate(id)).result();
      const [moved, ...left] = await nicsOf(world);
      expect(left).toEqual([]);
      expect(moved).toMatchObject({ given: [first, second], wanted: [first, second].toSorted(), kbit: [half, half] });
      expect(moved?.host).not.toBe(host);

      await expect(album.servers.detachInterface("web-1", first ?? "")).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "its first interface" },
      });
      await expect(album.servers.detachInterface("web-1", "10.0.99.99")).rejects.toMatchObject({
        code: "NOT_FOUND",
        details: { resource: "interface" },
      });
      const { addresses: one } = await (await album.servers.detachInterface("web-1", second)).result();
      expect(one.map(({ address }) => address)).toEqual([first]);
      const whole = [internal.rateKbit, internal.ceilKbit, 5000];
      expect(await nicsOf(world)).toMatchObject([{ given: [first], wanted: [first], kbit: [whole] }]);
      // Its address is free again.
      expect((await created(album, { name: "web-2" })).addresses[0]?.address).toBe(second);
    });

    it("is taken back whole when it cannot be had, and stays when it cannot go", async () => {
      const fleet = fakeFleet({ hosts: 1 });
      await using world = holdFakeWorld(fleet);
      const cloud = await open({ hosts: fleet, busFaults: {} });
      const album = cloud.as(amy);
      const { addresses } = await created(album);
      const first = addresses[0]?.address ?? "";
      cloud.faults.failNext("host-1", "change", { code: "UNSUPPORTED" });
      const attach = await album.servers.attachInterface("web-1");
      await expect(attach.result()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      expect(await nicsOf(world)).toMatchObject([{ given: [first], wanted: [first] }]);
      expect(await album.servers.get("web-1")).toMatchObject({ state: "active", busy: false, addresses });

      const { addresses: both } = await (await album.servers.attachInterface("web-1")).result();
      cloud.faults.failNext("host-1", "change", { code: "DEADLINE_EXCEEDED" });
      const detach = await album.servers.detachInterface("web-1", both[1]?.nicId ?? "");
      await expect(detach.result()).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
      expect(await album.servers.get("web-1")).toMatchObject({ busy: false, addresses: both });
      expect(await nicsOf(world)).toMatchObject([{ given: both.map(({ address }) => address) }]);

      await (await album.servers.stop("web-1")).result();
      for (let count = 2; count < 8; count += 1) await (await album.servers.attachInterface("web-1")).result();
      await expect(album.servers.attachInterface("web-1")).rejects.toMatchObject({
        code: "EXHAUSTED",
        details: { resource: "interfaces of a server" },
      });
      expect((await nicsOf(world))[0]?.given).toHaveLength(8);
    });
  });
});
