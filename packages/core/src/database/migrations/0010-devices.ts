import type { Migration } from "./migration.ts";

/** Names of data disks, unique within their server; and the order in which a server was given its interfaces. */
export const devices: Migration = {
  name: "0010-devices",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.data_disks, (table) => {
      table.string("name", 63);
      table.unique(["server_id", "name"]);
    });
    await knex.schema.alterTable(tables.bindings, (table) => {
      table.integer("position").notNullable().defaultTo(0);
    });
  },
};
