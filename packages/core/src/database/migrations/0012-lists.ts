import type { Knex } from "knex";
import type { Tables } from "../tables.ts";
import type { Migration } from "./migration.ts";

/** Servers' tags, and the indexes along which lists are read. */
export const lists: Migration = {
  name: "0012-lists",
  async up(knex, tables, concurrentWriters) {
    const { hosts, servers, server_tags: tags } = tables;
    await knex.schema.alterTable(servers, (table) => {
      // Its host's, so that an index has it.
      table.string("zone", 63);
      table.dropIndex(["project_id", "id"]);
    });
    await knex.raw(`UPDATE ?? SET zone = (SELECT h.zone FROM ?? h WHERE h.id = host_id) WHERE deleted_at_ms IS NULL`, [
      servers,
      hosts,
    ]);
    await knex.schema.createTable(tags, (table) => {
      table.string("server_id", 40).notNullable().references("id").inTable(servers);
      table.string("tag", 128).notNullable();
      table.string("value", 256).notNullable();
      // The server's, so that an index on tags has what lists are sorted by.
      table.string("project_id", 40).notNullable();
      table.string("server_name", 63).notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.primary(["server_id", "tag"]);
    });
    if (concurrentWriters) await sortByCode(knex, tables);
    await index(knex, tags, ["tag", "value", "project_id", "created_at_ms", "server_id"]);
    await index(knex, tags, ["tag", "value", "project_id", "server_name", "server_id"]);
    await indexServers(knex, servers);
    // Operations are listed in the order of their ids, which begin with the time of their making.
    await index(knex, tables.operations, ["project_id", "state", "id"]);
    await index(knex, tables.operations, ["state", "id"]);
  },
};

/** What a list of servers may be filtered by has an index for each order, of those that are not deleted. */
async function indexServers(knex: Knex.Transaction, servers: string): Promise<void> {
  const live = "deleted_at_ms IS NULL";
  for (const order of [
    ["created_at_ms", "id"],
    ["name", "id"],
  ]) {
    for (const filter of [[], ["state"], ["flavor"], ["zone"]]) {
      await index(knex, servers, ["project_id", ...filter, ...order], live);
    }
    // For operators, who see every project's.
    await index(knex, servers, order, live);
    await index(knex, servers, ["state", ...order], live);
  }
  await index(knex, servers, ["project_id", "image_id", "created_at_ms", "id"], live);
}

async function index(knex: Knex.Transaction, table: string, columns: readonly string[], where?: string): Promise<void> {
  const words = columns.slice(0, -1).map((column) => column.replace(/_(id|at_ms)$/, ""));
  const marks = columns.map(() => "??").join(", ");
  const partial = where === undefined ? "" : ` WHERE ${where}`;
  await knex.raw(`CREATE INDEX ?? ON ?? (${marks})${partial}`, [`${table}_${words.join("_")}`, table, ...columns]);
}

/** Text is sorted by its characters' codes, as SQLite does, whatever language the database was made for. */
async function sortByCode(knex: Knex.Transaction, tables: Tables): Promise<void> {
  const { aggregates, flavors, hosts, images, keypairs, projects, server_groups: groups, servers } = tables;
  const sorted = [
    ...[aggregates, flavors, hosts, keypairs, projects, groups, servers].map((table) => [table, "name", 63] as const),
    [images, "name", 255],
    [hosts, "zone", 63],
    [tables.project_members, "user_id", 255],
    [tables.server_tags, "tag", 128],
    [tables.server_tags, "server_name", 63],
  ] as const;
  for (const [table, column, length] of sorted) {
    await knex.raw(`ALTER TABLE ?? ALTER COLUMN ?? TYPE VARCHAR(${length}) COLLATE "C"`, [table, column]);
  }
}
