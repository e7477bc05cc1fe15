import type { Migration } from "./migration.ts";

/**
 * What resizes and moves need. A server that is on its way to another host has an allocation on each until that is
 * settled: `allocations` has a row for a server *and* a host. Its hosts hold both; its project's quotas hold, of each
 * resource, the larger amount of the two rows.
 */
export const moves: Migration = {
  name: "0007-moves",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.servers, (table) => {
      table.text("resize");
    });
    await knex.schema.createTable(tables.data_disks, (table) => {
      table.string("id", 40).primary();
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.integer("size_gib").notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.index(["server_id"]);
    });
  },
};
