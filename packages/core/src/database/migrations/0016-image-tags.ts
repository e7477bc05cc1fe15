import type { Migration } from "./migration.ts";

/** Images' tags. */
export const imageTags: Migration = {
  name: "0016-image-tags",
  async up(knex, tables) {
    await knex.schema.createTable(tables.image_tags, (table) => {
      table.string("image_id", 40).notNullable().references("id").inTable(tables.images);
      table.string("tag", 128).notNullable();
      table.string("value", 256).notNullable();
      table.primary(["image_id", "tag"]);
      table.index(["tag", "value", "image_id"]);
    });
  },
};
