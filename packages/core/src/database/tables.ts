/** Every table, so that a prefix can be put before each and no name is typed twice. */
const names = [
  "addresses",
  "aggregate_hosts",
  "aggregates",
  "allocations",
  "audit",
  "bindings",
  "counters",
  "data_disks",
  "evacuations",
  "flavors",
  "group_members",
  "host_leases",
  "host_resources",
  "hosts",
  "image_tags",
  "images",
  "keypairs",
  "leases",
  "network_log",
  "networks",
  "operation_events",
  "operations",
  "outbox",
  "project_members",
  "projects",
  "quota_requests",
  "quotas",
  "seeds",
  "server_groups",
  "server_tags",
  "servers",
  "shelved_images",
  "shelved_layers",
  "unknown_guests",
  "webhook_deliveries",
  "webhooks",
] as const;

/** A table's name without its prefix. */
export type TableName = (typeof names)[number];

/** The names as they stand in SQL. */
export type Tables = Readonly<Record<TableName, string>>;

/** @param prefix put before each name, so that several clouds share one schema; `[a-z0-9_]*` */
export const tablesWith = (prefix: string): Tables =>
  Object.fromEntries(names.map((name) => [name, `${prefix}${name}`])) as Tables;
