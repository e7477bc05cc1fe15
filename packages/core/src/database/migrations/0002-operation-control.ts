import type { Migration } from "./migration.ts";

/** What operations need to be cancelled, to have a deadline, and to be retried or abandoned when they are stuck. */
export const operationControl: Migration = {
  name: "0002-operation-control",
  async up(knex, tables) {
    await knex.schema.alterTable(tables.operations, (table) => {
      table.string("direction", 4).notNullable().defaultTo("do");
      table.boolean("no_return").notNullable().defaultTo(false);
      table.boolean("outside").notNullable().defaultTo(false);
      table.bigInteger("cancel_at_ms");
      table.bigInteger("deadline_ms");
      table.integer("retries").notNullable().defaultTo(0);
      table.text("stuck");
      table.text("abandoned");
    });
    // What the version before has begun: it never went on from stuck, and whether it did anything outside is not known.
    await knex(tables.operations).update({ outside: true });
    await knex(tables.operations).whereIn("state", ["undoing", "failed", "stuck"]).update({ direction: "undo" });
  },
};
