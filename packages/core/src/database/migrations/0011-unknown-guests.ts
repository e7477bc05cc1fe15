import type { Migration } from "./migration.ts";

/** Guests on hosts that no server is known for, as their hosts last told. */
export const unknownGuests: Migration = {
  name: "0011-unknown-guests",
  async up(knex, tables) {
    await knex.schema.createTable(tables.unknown_guests, (table) => {
      /** Host and guest in one, so that it tells rows apart. */
      table.string("place", 81).primary();
      table.string("host_id", 40).notNullable();
      /** By which its hypervisor knows it. */
      table.string("id", 40).notNullable();
      table.string("name", 255).notNullable();
      table.string("power", 16).notNullable();
      /** As JSON; null of one that is ours by its id. */
      table.text("definition");
      /** As JSON. */
      table.text("obstacles").notNullable();
      table.bigInteger("first_seen_at_ms").notNullable();
      table.index(["first_seen_at_ms", "place"]);
      table.index(["host_id", "first_seen_at_ms", "place"]);
    });
  },
};
