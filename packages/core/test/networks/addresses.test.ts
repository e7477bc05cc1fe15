import { expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { script } from "../../src/database/script.ts";
import { NetworkStore } from "../../src/networks/store.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  const prepared = async (cidr: string) => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    const networks = new NetworkStore(database, fleet.ids);
    const network = await networks.ensure({ name: "fixed", cidr });
    const bind = async (serverId: string, hostId = fleet.hostIds[0] ?? "") => {
      await database.run(networks.bind(serverId, hostId, { projectId: fleet.project.id, networkId: network.id }));
      return networks.nics(serverId);
    };
    return { database, fleet, networks, network, bind };
  };

  it("gives each server an address of its own, and a class that is free on its host", async () => {
    const { database, fleet, bind } = await prepared("10.9.0.0/16");
    const servers = await Promise.all(Array.from({ length: 12 }, () => fleet.server()));
    const nics = await Promise.all(servers.map((serverId, index) => bind(serverId, fleet.hostIds[index % 2])));
    const addresses = nics.map(([nic]) => nic?.address);
    expect(new Set(addresses).size).toBe(12);
    expect(addresses).not.toContain("10.9.0.1");
    expect(nics[0]?.[0]).toMatchObject({
      prefixLength: 16,
      gateway: "10.9.0.1",
      tap: expect.stringMatching(/^ch[0-9a-z]{12}$/) as string,
    });
    const rows = await database.all<{ host_id: string; class_id: number }>(database.read(database.tables.bindings));
    expect(new Set(rows.map((row) => `${row.host_id}/${row.class_id}`)).size).toBe(12);
    expect(Math.min(...rows.map((row) => row.class_id))).toBe(0x10);
  });

  it("gives the lowest class of a gap when there is none behind the highest", async () => {
    const { database, fleet, bind } = await prepared("10.9.0.0/16");
    const classOf = async (serverId: string) =>
      database.first<{ class_id: number }>(database.read(database.tables.bindings).where({ server_id: serverId }));
    const [first, second] = [await fleet.server(), await fleet.server()];
    await bind(first);
    await database.run(
      script({ sql: `UPDATE ${database.tables.bindings} SET class_id = 65535 WHERE server_id = ?`, bindings: [first] }),
    );
    await bind(second);
    expect(await classOf(second)).toMatchObject({ class_id: 0x10 });
    const third = await fleet.server();
    await bind(third);
    expect(await classOf(third)).toMatchObject({ class_id: 0x11 });
  });

  it("frees an address only once its host has acknowledged that the binding is gone", async () => {
    const { database, fleet, networks, bind } = await prepared("10.9.0.0/29");
    const [hostId = ""] = fleet.hostIds;
    const first = await fleet.server();
    const [nic] = await bind(first);
    await database.run(networks.want(first, hostId, fleet.project.id, true));
    await database.run(networks.releaseOnceUnbound(first));
    expect(await networks.nics(first)).toHaveLength(1);
    await database.run(networks.want(first, hostId, fleet.project.id, false));
    await database.run(networks.releaseOnceUnbound(first));
    expect(await networks.nics(first)).toHaveLength(0);
    expect((await bind(await fleet.server()))[0]?.address).toBe(nic?.address);
  });

  it("says that there are no more, when there are no more", async () => {
    const { database, fleet, networks, network, bind } = await prepared("10.9.0.0/29");
    for (let count = 0; count < 5; count += 1) await bind(await fleet.server());
    const bound = networks.bind(await fleet.server(), fleet.hostIds[0] ?? "", {
      projectId: fleet.project.id,
      networkId: network.id,
    });
    await expect(database.run(bound)).rejects.toMatchObject({ guard: "address" });
    expect(await bound.refused?.("address")).toMatchObject({ code: "EXHAUSTED" });
  });

  it("grows the pool by blocks, up to the network's end", async () => {
    const { database, networks, network } = await prepared("10.9.0.0/21");
    const free = async () =>
      Number(
        (
          await database.first<{ n: number }>(
            database.read(database.tables.addresses).whereNull("nic_id").count({ n: "*" }),
          )
        )?.n,
      );
    expect(await free()).toBe(1024);
    await database.run(script({ sql: `UPDATE ${database.tables.addresses} SET nic_id = 'taken'`, bindings: [] }));
    const bind = networks.bind("srv_x", "hst_x", { projectId: "prj_x", networkId: network.id });
    expect(await bind.refused?.("address")).toBe("again");
    expect(await free()).toBe(1021);
  });

  it("raises the revision of every host of the project, and says its own host's", async () => {
    const { database, fleet, networks, bind } = await prepared("10.9.0.0/16");
    const [first = "", second = ""] = fleet.hostIds;
    const [a, b] = [await fleet.server(), await fleet.server()];
    await bind(a, first);
    await bind(b, second);
    expect(await database.run(networks.want(a, first, fleet.project.id, true))).toEqual({ revision: 2 });
    expect(await database.run(networks.want(b, second, fleet.project.id, true))).toEqual({ revision: 3 });
    expect((await fleet.hosts.get(first))?.network_revision).toBe(3);
  });

  it("is wanted on many hosts at once without a deadlock", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 6 });
    const networks = new NetworkStore(database, fleet.ids);
    const network = await networks.ensure({ name: "fixed", cidr: "10.9.0.0/16" });
    const servers = await Promise.all(Array.from({ length: 48 }, () => fleet.server()));
    const hostOf = (index: number): string => fleet.hostIds[(index * 5) % 6] ?? "";
    const binding = { projectId: fleet.project.id, networkId: network.id };
    for (const [index, id] of servers.entries()) await database.run(networks.bind(id, hostOf(index), binding));
    const heard = Array.from({ length: 12 }, () => database.run(fleet.hosts.seen(fleet.hostIds.toReversed(), 1)));
    const revisions = await Promise.all(
      servers.map((id, index) => database.run(networks.want(id, hostOf(index), fleet.project.id, true))),
    );
    await Promise.all(heard);
    expect(new Set(revisions.map(({ revision }) => revision)).size).toBe(48);
    expect(await deadlocks(database)).toBe(0);
  });

  it("keeps the network's range once it is there", async () => {
    const { networks } = await prepared("10.9.0.0/16");
    await expect(networks.ensure({ name: "fixed", cidr: "10.8.0.0/16" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});

/** How many deadlocks PostgreSQL has seen in this database; SQLite has one writer, and none. */
async function deadlocks(database: Database): Promise<number> {
  if (!database.concurrentWriters) return 0;
  const flush = () => database.all(database.read.raw("SELECT pg_stat_force_next_flush(), pg_sleep(0.02)"));
  await Promise.all(Array.from({ length: 10 }, flush));
  const sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
  return (await database.first<{ deadlocks: number }>(database.read.raw(sql)))?.deadlocks ?? -1;
}
