import type { Migration } from "./migration.ts";

/** What servers are told at their first boot: their name then, public keys, and their users' data. */
export const seeds: Migration = {
  name: "0013-seeds",
  async up(knex, tables) {
    await knex.schema.createTable(tables.seeds, (table) => {
      table.string("server_id", 40).primary().references("id").inTable(tables.servers);
      table.string("hostname", 63).notNullable();
      table.text("public_keys").notNullable();
      table.text("user_data");
    });
  },
};
