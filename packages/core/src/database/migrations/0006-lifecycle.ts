import type { Migration } from "./migration.ts";

/** Who has locked a server. */
export const lifecycle: Migration = {
  name: "0006-lifecycle",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.servers, (table) => {
      table.string("locked_by", 10);
    });
  },
};
