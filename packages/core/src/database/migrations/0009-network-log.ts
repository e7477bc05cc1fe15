import type { Migration } from "./migration.ts";

/**
 * Which bindings were wanted or unwanted when, so that a host's network is rendered from what changed since it was
 * rendered last. Its numbers are the hosts' network revisions; they go on from where those are.
 */
export const networkLog: Migration = {
  name: "0009-network-log",
  async up(knex, tables, concurrentWriters) {
    await knex.schema.createTable(tables.network_log, (table) => {
      table.bigIncrements("revision");
      table.string("project_id", 40).notNullable();
      table.string("nic_id", 40).notNullable();
      table.bigInteger("address").notNullable();
      table.index(["project_id", "revision"]);
    });
    await knex.schema.alterTable(tables.bindings, (table) => {
      table.index(["project_id", "host_id"]);
    });
    // One row is always there: what is newer than the oldest is all there.
    await knex.raw(
      `INSERT INTO ?? (revision, project_id, nic_id, address) SELECT COALESCE(MAX(network_revision), 0) + 1, '', '', 0 FROM ??`,
      [tables.network_log, tables.hosts],
    );
    if (!concurrentWriters) return;
    await knex.raw(`SELECT setval(pg_get_serial_sequence(?, 'revision'), (SELECT MAX(revision) FROM ??))`, [
      tables.network_log,
      tables.network_log,
    ]);
  },
};
