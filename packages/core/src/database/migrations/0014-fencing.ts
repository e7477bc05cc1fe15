import type { Migration } from "./migration.ts";

/**
 * Hosts that are cut off, and what was made anew elsewhere: so long as a row of `evacuations` is there, a guest of that
 * server may still be on that host's disks, and is to be removed before the host takes servers again.
 */
export const fencing: Migration = {
  name: "0014-fencing",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.hosts, (table) => {
      table.string("fence", 10);
      table.bigInteger("fenced_at_ms");
      table.string("fenced_by", 1100);
      table.string("fence_operation_id", 40);
    });
    await knex.schema.createTable(tables.evacuations, (table) => {
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.string("host_id", 40).notNullable().references("id").inTable(tables.hosts);
      table.primary(["server_id", "host_id"]);
      table.index(["host_id"]);
    });
  },
};
