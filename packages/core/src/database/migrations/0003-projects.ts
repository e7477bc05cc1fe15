import type { Knex } from "knex";
import type { Tables } from "../tables.ts";
import type { Migration } from "./migration.ts";

/** States of projects, their members, requests for quota, and the log that nobody rewrites. */
export const projects: Migration = {
  name: "0003-projects",
  async up(knex, tables, concurrentWriters) {
    const create = (name: keyof Tables, build: (table: Knex.CreateTableBuilder) => void): Promise<void> =>
      knex.schema.createTable(tables[name], build);

    await knex.schema.alterTable(tables.projects, (table) => {
      table.string("state", 12).notNullable().defaultTo("active");
      table.string("operation_id", 40);
      table.bigInteger("deleted_at_ms");
    });
    await create("project_members", (table) => {
      table.string("project_id", 40).notNullable().references("id").inTable(tables.projects);
      table.string("user_id", 255).notNullable();
      table.string("role", 12).notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.primary(["project_id", "user_id"]);
    });
    await create("quota_requests", (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).notNullable().references("id").inTable(tables.projects);
      table.string("user_id", 255).notNullable();
      table.string("state", 10).notNullable();
      table.text("reason").notNullable();
      table.text("limits").notNullable();
      table.text("granted");
      table.string("decided_by", 255);
      table.text("decision");
      table.bigInteger("created_at_ms").notNullable();
      table.bigInteger("decided_at_ms");
      table.index(["project_id", "id"]);
    });
    await knex.raw(`CREATE UNIQUE INDEX ?? ON ?? (project_id) WHERE state = 'open'`, [
      `${tables.quota_requests}_open`,
      tables.quota_requests,
    ]);
    await create("audit", (table) => {
      table.string("id", 40).primary();
      table.bigInteger("at_ms").notNullable();
      table.string("user_id", 255).notNullable();
      table.string("roles", 60).notNullable();
      table.string("project_id", 40);
      table.string("method", 60).notNullable();
      table.string("resource_id", 255);
      table.string("related_id", 255);
      table.string("source", 255);
      table.string("result", 12).notNullable();
      table.string("code", 40);
      table.string("operation_id", 40);
      table.index(["project_id", "id"]);
      table.index(["user_id", "id"]);
      table.index(["resource_id"]);
    });
    for (const column of ["related_id", "operation_id"]) {
      await knex.raw(`CREATE INDEX ?? ON ?? (??) WHERE ?? IS NOT NULL`, [
        `${tables.audit}_${column}`,
        tables.audit,
        column,
        column,
      ]);
    }
    await (concurrentWriters ? appendOnlyPostgres(knex, tables) : appendOnlySqlite(knex, tables));
  },
};

/** The counter of the time before which the log's lines may be removed: there only while an operator removes old ones. */
export const keptFrom = "log_kept_from_ms";

const refusal = "the operation log is append-only";

async function appendOnlySqlite(knex: Knex.Transaction, { audit, counters }: Tables): Promise<void> {
  const refuse = `BEGIN SELECT RAISE(ABORT, '${refusal}'); END`;
  await knex.raw(`CREATE TRIGGER ${audit}_no_update BEFORE UPDATE ON ${audit} ${refuse}`);
  await knex.raw(
    `CREATE TRIGGER ${audit}_no_delete BEFORE DELETE ON ${audit} WHEN OLD.at_ms >= COALESCE((SELECT value FROM ${counters} WHERE name = '${keptFrom}'), 0) ${refuse}`,
  );
}

async function appendOnlyPostgres(knex: Knex.Transaction, { audit, counters }: Tables): Promise<void> {
  await knex.raw(`
    CREATE OR REPLACE FUNCTION ${audit}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'DELETE' AND OLD.at_ms < COALESCE((SELECT value FROM ${counters} WHERE name = '${keptFrom}'), 0) THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION '${refusal}';
    END $$`);
  await knex.raw(
    `CREATE TRIGGER ${audit}_append_only BEFORE UPDATE OR DELETE ON ${audit} FOR EACH ROW EXECUTE FUNCTION ${audit}_refuse()`,
  );
}
