import type { Migration } from "./migration.ts";

/** What a server goes back to: out of its rescue, or when its deletion is taken back. */
export const keptStates: Migration = {
  name: "0008-kept-states",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.servers, (table) => {
      table.string("state_before", 12);
      table.string("rescue_image_id", 40);
      table.string("deleted_from", 12);
      table.bigInteger("purge_at_ms").index();
    });
  },
};
