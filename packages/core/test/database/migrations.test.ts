import { expect, it } from "vitest";
import { systemClock } from "../../src/clock/system-clock.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { migrateDatabase, migrationNames, requireSchema } from "../../src/database/migrations/migrate.ts";
import { placement } from "../../src/database/migrations/0004-placement.ts";
import { shelving } from "../../src/database/migrations/0015-shelving.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

overDatabases((open) => {
  it("leaves a schema that is there as it is", async () => {
    const database = await open();
    expect(await migrateDatabase(database)).toEqual({ applied: [] });
    await expect(requireSchema(database)).resolves.toBeUndefined();
  });

  it("is brought up to date once when two processes begin at the same time", async () => {
    const database = await open();
    await database.write.schema.dropTable("schema_versions");
    for (const table of Object.values(database.tables).toReversed()) {
      await database.write.raw(`DROP TABLE ${table} ${database.concurrentWriters ? "CASCADE" : ""}`);
    }
    if (database.concurrentWriters) await database.write.raw("DROP SEQUENCE fence");
    await using other = await openDatabase({ database: open.url(), clock: systemClock() });
    const applied = await Promise.all([migrateDatabase(database), migrateDatabase(other)]);
    expect(applied.flatMap((one) => one.applied)).toEqual(migrationNames);
  });

  it("lets interfaces be on no host, and keeps them and the rules for their places", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 1 });
    const { tables, write } = database;
    // As the schema was before.
    for (const table of [tables.shelved_layers, tables.shelved_images]) await write.schema.dropTable(table);
    await write.schema.alterTable(tables.bindings, (table) => {
      table.dropNullable("host_id");
      table.dropNullable("class_id");
    });
    const network = { first_address: 1, last_address: 9, next_address: 1 };
    await write(tables.networks).insert({ id: "net_1", name: "fixed", cidr: "10.0.0.0/28", ...network });
    const of = { server_id: await fleet.server(), project_id: fleet.project.id, network_id: "net_1", position: 0 };
    const binding = (address: number, host_id: string | null, class_id: number | null) =>
      write(tables.bindings).insert({
        ...of,
        id: `nic_${address}`,
        host_id,
        address,
        class_id,
        wanted: true,
        revision: 1,
      });
    const [hostId = ""] = fleet.hostIds;
    await binding(1, hostId, 16);
    await database.transaction((knex) => shelving.up(knex, tables, database.concurrentWriters));
    const rows = await database.select(`SELECT id, host_id, class_id FROM ${tables.bindings}`, []);
    expect(rows).toEqual([{ id: "nic_1", host_id: hostId, class_id: 16 }]);
    await binding(2, null, null);
    await binding(3, null, null);
    await expect(binding(4, hostId, 16)).rejects.toThrow(/unique/i);
    await expect(binding(1, hostId, 17)).rejects.toThrow(/unique/i);
    await expect(binding(5, "hst_none", 18)).rejects.toThrow(/foreign key/i);
  });

  it("makes groups of the names that servers shared", async () => {
    const database = await open();
    const fleet = await testFleet(database, { hosts: 2 });
    const servers = await Promise.all(Array.from({ length: 4 }, () => fleet.server()));
    const [first = "", second = ""] = servers;
    const { tables, write } = database;
    // As the schema was before.
    for (const table of [tables.group_members, tables.aggregate_hosts, tables.aggregates])
      await write.schema.dropTable(table);
    await write.raw("DROP INDEX servers_group_id_index");
    for (const [table, column] of [
      ["servers", "group_id"],
      ["flavors", "requires"],
    ] as const) {
      await write.raw("ALTER TABLE ?? DROP COLUMN ??", [table, column]);
    }
    await write.schema.dropTable(tables.server_groups);
    await write.raw("ALTER TABLE servers ADD COLUMN anti_affinity VARCHAR(63)");
    await write.raw(
      "CREATE TABLE group_members (server_id VARCHAR(40), project_id VARCHAR(40), name VARCHAR(63), host_id VARCHAR(40))",
    );
    const project_id = fleet.project.id;
    await write(tables.servers).whereIn("id", servers.slice(0, 3)).update({ anti_affinity: "web" });
    for (const [index, server_id] of [first, second].entries()) {
      await write(tables.group_members).insert({ server_id, project_id, name: "web", host_id: fleet.hostIds[index] });
    }
    await database.transaction((knex) => placement.up(knex, tables, database.concurrentWriters));
    const group = await fleet.groups.named(project_id, "web");
    expect(group).toMatchObject({ policy: "anti-affinity", serverIds: servers.slice(0, 3).toSorted() });
    expect((await fleet.groups.hostIds(group?.id ?? "", second)).toSorted()).toEqual([fleet.hostIds[0]]);
    const again = { ...fleet.smallClaim, group: { id: group?.id ?? "", policy: "anti-affinity" as const } };
    const refused = database.run(fleet.claims.take(servers[2] ?? "", fleet.hostIds[0] ?? "", again));
    await expect(refused).rejects.toMatchObject({ guard: "group" });
  });

  it("refuses a database of a newer version", async () => {
    const database = await open();
    await database.write("schema_versions").insert({ name: "9999-from-the-future" });
    const newer = { code: "VERSION_MISMATCH", details: { found: "9999-from-the-future" } };
    await expect(migrateDatabase(database)).rejects.toMatchObject(newer);
    await expect(requireSchema(database)).rejects.toMatchObject(newer);
  });

  it("refuses an older schema where it may not migrate", async () => {
    const database = await open();
    await database.write("schema_versions").del();
    await expect(requireSchema(database)).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  });
});
