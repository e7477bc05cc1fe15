import type { Knex } from "knex";
import { quotaNames } from "../../quotas/model.ts";
import { builtInColumns, quotaColumn } from "../columns.ts";
import type { Migration } from "./migration.ts";

/**
 * Integers are 64 bits wide wherever a sum or a time may pass 31. JSON is text on both databases: it is read whole and
 * parsed by a schema. What nothing may ever pass is a CHECK besides being guarded.
 */
export const initial: Migration = {
  name: "0001-initial",
  async up(knex, tables, concurrentWriters) {
    const create = (name: keyof typeof tables, build: (table: Knex.CreateTableBuilder) => void): Promise<void> =>
      knex.schema.createTable(tables[name], build);

    await create("counters", (table) => {
      table.string("name", 40).primary();
      table.bigInteger("value").notNullable();
    });
    await knex(tables.counters).insert({ name: "fence", value: 0 });
    if (concurrentWriters) await knex.raw("CREATE SEQUENCE ??", [tables.counters.replace(/counters$/, "fence")]);

    await create("projects", (table) => {
      table.string("id", 40).primary();
      table.string("name", 63).notNullable().unique();
      table.integer("tenant").notNullable().unique();
      table.bigInteger("created_at_ms").notNullable();
    });
    await create("quotas", (table) => {
      table.string("project_id", 40).primary().references("id").inTable(tables.projects);
      for (const name of quotaNames) {
        table.bigInteger(quotaColumn(name, "limit")).notNullable();
        table.bigInteger(quotaColumn(name, "used")).notNullable().defaultTo(0);
        table.check("?? >= 0", [quotaColumn(name, "used")]);
      }
    });
    await create("flavors", (table) => {
      table.string("id", 40).primary();
      table.string("name", 63).notNullable().unique();
      table.integer("vcpus").notNullable();
      table.integer("milli_ecu_per_vcpu").notNullable();
      table.integer("memory_mib").notNullable();
      table.integer("system_disk_gib").notNullable();
      table.integer("ephemeral_disk_gib").notNullable();
      table.text("resources").notNullable();
      table.bigInteger("created_at_ms").notNullable();
    });

    await create("hosts", (table) => {
      table.string("id", 40).primary();
      table.string("name", 63).notNullable().unique();
      table.string("zone", 63).notNullable().index();
      table.string("state", 10).notNullable();
      table.text("state_reason");
      table.boolean("enabled").notNullable();
      table.text("inventory");
      for (const column of builtInColumns) {
        table.bigInteger(`${column}_total`).notNullable().defaultTo(0);
        table.bigInteger(`${column}_used`).notNullable().defaultTo(0);
        table.check("?? >= 0", [`${column}_used`]);
      }
      table.bigInteger("network_revision").notNullable().defaultTo(0);
      table.bigInteger("network_applied_revision").notNullable().defaultTo(0);
      table.bigInteger("last_seen_at_ms");
      table.bigInteger("created_at_ms").notNullable();
    });
    await create("host_resources", (table) => {
      table.string("host_id", 40).notNullable().references("id").inTable(tables.hosts);
      table.string("name", 63).notNullable();
      table.bigInteger("total").notNullable();
      table.bigInteger("used").notNullable().defaultTo(0);
      table.check("used >= 0");
      table.primary(["host_id", "name"]);
    });
    await create("host_leases", (table) => {
      table.string("host_id", 40).primary().references("id").inTable(tables.hosts);
      table.string("owner", 40).notNullable();
      table.bigInteger("epoch").notNullable();
      table.bigInteger("lease_until_ms").notNullable();
    });
    await create("leases", (table) => {
      table.string("name", 63).primary();
      table.string("owner", 40).notNullable();
      table.bigInteger("lease_until_ms").notNullable();
    });

    await create("images", (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).references("id").inTable(tables.projects);
      table.string("name", 255).notNullable();
      table.string("visibility", 10).notNullable();
      table.string("state", 10).notNullable();
      table.string("digest", 80);
      table.bigInteger("logical_bytes");
      table.bigInteger("stored_bytes");
      table.text("chunks");
      table.integer("min_disk_gib").notNullable();
      table.integer("min_memory_mib").notNullable();
      table.text("properties").notNullable();
      table.string("server_id", 40);
      table.string("operation_id", 40).notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.index(["project_id", "name"]);
    });
    await create("keypairs", (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).notNullable().references("id").inTable(tables.projects);
      table.string("name", 63).notNullable();
      table.text("public_key").notNullable();
      table.string("fingerprint", 80).notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.unique(["project_id", "name"]);
    });
    await create("networks", (table) => {
      table.string("id", 40).primary();
      table.string("name", 63).notNullable().unique();
      table.string("cidr", 18).notNullable();
      table.bigInteger("first_address").notNullable();
      table.bigInteger("last_address").notNullable();
      table.bigInteger("next_address").notNullable();
    });
    await create("addresses", (table) => {
      table.string("network_id", 40).notNullable().references("id").inTable(tables.networks);
      table.bigInteger("address").notNullable();
      table.string("nic_id", 40);
      table.primary(["network_id", "address"]);
    });
    await knex.raw(`CREATE INDEX ?? ON ?? (network_id, address) WHERE nic_id IS NULL`, [
      `${tables.addresses}_free`,
      tables.addresses,
    ]);

    await create("servers", (table) => {
      table.string("id", 40).primary();
      table.string("project_id", 40).notNullable().references("id").inTable(tables.projects);
      table.string("user_id", 255).notNullable();
      table.string("name", 63).notNullable();
      table.string("state", 12).notNullable();
      table.string("flavor", 63).notNullable();
      table.integer("vcpus").notNullable();
      table.integer("milli_ecu_per_vcpu").notNullable();
      table.integer("memory_mib").notNullable();
      table.integer("system_disk_gib").notNullable();
      table.integer("ephemeral_disk_gib").notNullable();
      table.text("resources").notNullable();
      table.string("image_id", 40).notNullable();
      table.string("requested_zone", 63);
      table.string("host_id", 40).references("id").inTable(tables.hosts);
      table.string("keypair", 63);
      table.string("anti_affinity", 63);
      table.bigInteger("internal_rate_kbit").notNullable();
      table.bigInteger("internal_ceil_kbit").notNullable();
      table.bigInteger("external_rate_kbit").notNullable();
      table.bigInteger("external_ceil_kbit").notNullable();
      table.string("guest", 8).notNullable();
      table.bigInteger("guest_since_ms").notNullable();
      table.boolean("busy").notNullable();
      table.string("operation_id", 40);
      table.text("fault");
      table.bigInteger("created_at_ms").notNullable();
      table.bigInteger("deleted_at_ms");
      table.index(["project_id", "id"]);
      table.index(["host_id"]);
    });
    await create("allocations", (table) => {
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.string("host_id", 40).notNullable().references("id").inTable(tables.hosts);
      table.string("project_id", 40).notNullable().references("id").inTable(tables.projects);
      table.integer("vcpus").notNullable();
      for (const column of builtInColumns) table.bigInteger(column).notNullable();
      table.bigInteger("quota_memory_mib").notNullable();
      table.text("resources").notNullable();
      table.primary(["server_id", "host_id"]);
      table.index(["host_id"]);
      table.index(["project_id"]);
    });
    await create("group_members", (table) => {
      table.string("server_id", 40).primary().references("id").inTable(tables.servers);
      table.string("project_id", 40).notNullable();
      table.string("name", 63).notNullable();
      table.string("host_id", 40).notNullable();
      table.unique(["project_id", "name", "host_id"]);
    });
    await create("bindings", (table) => {
      table.string("id", 40).primary();
      table.string("server_id", 40).notNullable().references("id").inTable(tables.servers);
      table.string("project_id", 40).notNullable();
      table.string("host_id", 40).notNullable().references("id").inTable(tables.hosts);
      table.string("network_id", 40).notNullable().references("id").inTable(tables.networks);
      table.bigInteger("address").notNullable();
      table.integer("class_id").notNullable();
      table.boolean("wanted").notNullable();
      table.bigInteger("revision").notNullable();
      table.index(["server_id"]);
      table.index(["project_id"]);
      table.unique(["host_id", "class_id"]);
      table.unique(["network_id", "address"]);
    });

    await create("operations", (table) => {
      table.string("id", 40).primary();
      table.string("kind", 40).notNullable();
      table.string("project_id", 40);
      table.string("actor", 255).notNullable();
      table.string("resource_id", 40).notNullable();
      table.string("host_id", 40);
      table.string("idempotency_key", 255);
      table.string("input_hash", 64).notNullable();
      table.text("input").notNullable();
      table.text("context").notNullable();
      table.string("state", 10).notNullable();
      table.integer("cursor").notNullable();
      table.integer("attempt").notNullable();
      table.string("step", 40).notNullable();
      table.integer("percent").notNullable();
      table.text("error");
      table.string("owner", 40);
      table.bigInteger("epoch").notNullable();
      table.bigInteger("lease_until_ms").notNullable();
      table.bigInteger("not_before_ms").notNullable();
      table.bigInteger("created_at_ms").notNullable();
      table.bigInteger("updated_at_ms").notNullable();
      table.index(["resource_id"]);
      table.index(["state", "lease_until_ms"]);
      table.index(["project_id", "id"]);
    });
    await knex.raw(
      `CREATE UNIQUE INDEX ?? ON ?? (COALESCE(project_id, ''), kind, idempotency_key) WHERE idempotency_key IS NOT NULL`,
      [`${tables.operations}_idempotency`, tables.operations],
    );
    await create("operation_events", (table) => {
      table.bigIncrements("id");
      table.string("operation_id", 40).notNullable().index();
      table.string("step", 40).notNullable();
      table.string("what", 12).notNullable();
      table.bigInteger("at_ms").notNullable();
    });
    await create("outbox", (table) => {
      table.bigIncrements("id");
      table.string("kind", 40).notNullable();
      table.string("project_id", 40);
      table.string("resource_id", 40).notNullable();
      table.string("actor", 255).notNullable();
      table.text("data").notNullable();
      table.bigInteger("at_ms").notNullable();
      table.index(["project_id", "id"]);
    });
  },
};
