import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { idFromUuid } from "../../ids.ts";
import type { Tables } from "../tables.ts";
import type { Migration } from "./migration.ts";

/**
 * Server groups become things of their own: until now a group was a name that servers shared, and its policy always
 * anti-affinity. Aggregates of hosts, and flavors that require something of them.
 */
export const placement: Migration = {
  name: "0004-placement",
  async up(knex, tables) {
    const { aggregates, aggregate_hosts: aggregateHosts, flavors, hosts, projects, server_groups: groups } = tables;
    await knex.schema.createTable(groups, (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).notNullable().references("id").inTable(projects);
      table.string("name", 63).notNullable();
      table.string("policy", 20).notNullable();
      // Of a group whose servers share a host: which it is, and how many servers hold a place there.
      table.string("host_id", 40).references("id").inTable(hosts);
      table.integer("placed").notNullable().defaultTo(0);
      table.bigInteger("created_at_ms").notNullable();
      table.unique(["project_id", "name"]);
      table.check("placed >= 0");
    });
    await moveGroups(knex, tables);
    await knex.schema.createTable(aggregates, (table) => {
      table.string("id", 40).primary();
      table.string("name", 63).notNullable().unique();
      table.text("properties").notNullable();
      table.bigInteger("created_at_ms").notNullable();
    });
    await knex.schema.createTable(aggregateHosts, (table) => {
      table.string("aggregate_id", 40).notNullable().references("id").inTable(aggregates);
      table.string("host_id", 40).notNullable().references("id").inTable(hosts);
      table.primary(["aggregate_id", "host_id"]);
      table.index(["host_id"]);
    });
    await knex.raw("ALTER TABLE ?? ADD COLUMN requires TEXT NOT NULL DEFAULT '{}'", [flavors]);
  },
};

/** Each name that servers of a project shared becomes a group, and its servers the group's members. */
async function moveGroups(knex: Knex.Transaction, tables: Tables): Promise<void> {
  const { group_members: members, server_groups: groups, servers, hosts } = tables;
  await knex.raw("ALTER TABLE ?? ADD COLUMN group_id VARCHAR(40) REFERENCES ?? (id)", [servers, groups]);
  await knex.raw("CREATE INDEX ?? ON ?? (group_id)", [`${servers}_group_id_index`, servers]);
  const named = (await knex(servers)
    .whereNotNull("anti_affinity")
    .select("project_id", "anti_affinity as name")
    .min("created_at_ms as created_at_ms")
    .groupBy("project_id", "anti_affinity")) as { project_id: string; name: string; created_at_ms: number }[];
  const ids = new Map<string, string>();
  for (const { project_id, name, created_at_ms } of named) {
    const key = `${project_id}/${name}`;
    const id = idFromUuid("grp", createHash("sha256").update(key).digest("hex").slice(0, 32));
    ids.set(key, id);
    await knex(groups).insert({ id, project_id, name, policy: "anti-affinity", placed: 0, created_at_ms });
    await knex(servers).where({ project_id, anti_affinity: name }).update({ group_id: id });
  }
  const placed = (await knex(members).select()) as {
    server_id: string;
    project_id: string;
    name: string;
    host_id: string;
  }[];
  await knex.schema.dropTable(members);
  await knex.schema.createTable(members, (table) => {
    table.string("server_id", 40).notNullable().references("id").inTable(servers);
    table.string("group_id", 40).notNullable().references("id").inTable(groups);
    table.string("host_id", 40).notNullable().references("id").inTable(hosts);
    // Whether no other server of the group may be on that host.
    table.boolean("exclusive").notNullable();
    table.primary(["server_id", "host_id"]);
    table.index(["group_id"]);
  });
  await knex.raw("CREATE UNIQUE INDEX ?? ON ?? (group_id, host_id) WHERE exclusive", [`${members}_exclusive`, members]);
  for (const { server_id, project_id, name, host_id } of placed) {
    const group_id = ids.get(`${project_id}/${name}`);
    if (group_id !== undefined) await knex(members).insert({ server_id, group_id, host_id, exclusive: true });
  }
  await knex.raw("ALTER TABLE ?? DROP COLUMN anti_affinity", [servers]);
}
