import type { TableName } from "./tables.ts";

/** What a project has, and must have no more before it is gone. */
export interface ProjectContent {
  readonly table: TableName;
  /** As people call it. */
  readonly what: string;
  /** Which of its rows count. */
  readonly where: string;
  /** What deletes it with its project: an operation of its own, or the removal of its row. */
  readonly by: "operation" | "row";
}

/** The contents of projects, by table. */
export const projectContents: readonly ProjectContent[] = [
  { table: "servers", what: "servers", where: "deleted_at_ms IS NULL", by: "operation" },
  { table: "images", what: "images", where: "state <> 'deleted'", by: "operation" },
  { table: "keypairs", what: "keypairs", where: "1 = 1", by: "row" },
  { table: "server_groups", what: "server groups", where: "1 = 1", by: "row" },
];

/** Tables with a project's rows that are no contents, and what becomes of them when it is deleted. */
export const projectRecords: Partial<Readonly<Record<TableName, string>>> = {
  allocations: "gone with its servers",
  bindings: "gone with its servers",
  server_tags: "gone with its servers",
  project_members: "removed",
  webhooks: "removed",
  webhook_deliveries: "removed with their webhooks",
  quota_requests: "kept, the open one withdrawn",
  quotas: "kept: nothing is used any more",
  operations: "kept as history",
  outbox: "kept as history, as long as events are kept",
  audit: "kept: the log is never rewritten",
  network_log: "kept until hosts need it no more",
};
