import type { Migration } from "./migration.ts";

/**
 * What is kept of servers that are on no host: their disks' own layers, each under a name of its own in the image
 * store, and which images those lie over. Their interfaces have no host either.
 */
export const shelving: Migration = {
  name: "0015-shelving",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.bindings, (table) => {
      table.setNullable("host_id");
      table.setNullable("class_id");
    });
    await knex.schema.createTable(tables.shelved_layers, (table) => {
      table.string("image_id", 40).primary();
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.string("disk", 40).notNullable();
      table.string("digest", 80).notNullable();
      table.index(["server_id"]);
    });
    await knex.schema.createTable(tables.shelved_images, (table) => {
      table.string("image_id", 40).notNullable().references("id").inTable(tables.images);
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.primary(["image_id", "server_id"]);
      table.index(["server_id"]);
    });
  },
};
