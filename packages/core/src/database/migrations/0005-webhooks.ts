import type { Migration } from "./migration.ts";

/** Subscriptions to events, and each event's way to each of them. */
export const webhooks: Migration = {
  name: "0005-webhooks",
  async up(knex, tables) {
    await knex.schema.createTable(tables.webhooks, (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).references("id").inTable(tables.projects);
      table.string("user_id", 255).notNullable();
      table.text("url").notNullable();
      table.text("kinds");
      table.text("secret").notNullable();
      table.text("previous_secret");
      table.bigInteger("previous_until_ms");
      table.string("state", 10).notNullable();
      table.text("reason");
      table.bigInteger("failing_since_ms");
      table.bigInteger("from_cursor").notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.index(["project_id", "id"]);
    });
    await knex.schema.createTable(tables.webhook_deliveries, (table) => {
      table.string("id", 40).primary();
      table.string("webhook_id", 40).notNullable().references("id").inTable(tables.webhooks);
      table.string("project_id", 40);
      table.bigInteger("event_id").notNullable();
      table.string("kind", 40).notNullable();
      table.string("resource_id", 40).notNullable();
      table.text("data").notNullable();
      table.bigInteger("event_at_ms").notNullable();
      table.string("state", 10).notNullable();
      table.integer("attempts").notNullable();
      table.bigInteger("next_at_ms").notNullable();
      table.text("reason");
      table.bigInteger("created_at_ms").notNullable();
      table.bigInteger("ended_at_ms");
      table.unique(["webhook_id", "event_id"]);
      table.index(["webhook_id", "state", "event_id"]);
      table.index(["project_id", "state", "id"]);
      table.index(["state", "created_at_ms"]);
      table.index(["state", "ended_at_ms"]);
    });
  },
};
