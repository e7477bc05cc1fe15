import type { Database } from "../database/database.ts";
import type { QuotaRequestStore } from "../quotas/request-store.ts";
import type { QuotaStore } from "../quotas/store.ts";
import type { ServerState } from "../servers/model.ts";
import type { Project, ProjectSummary } from "./model.ts";

/** What a summary is read from. */
export interface SummarySources {
  readonly database: Database;
  readonly quotas: QuotaStore;
  readonly requests: QuotaRequestStore;
}

/** Everything that a project's own page shows, read at once. */
export async function readSummary(sources: SummarySources, project: Project): Promise<ProjectSummary> {
  const { database, quotas, requests } = sources;
  const { read, tables } = database;
  const mine = { project_id: project.id };
  const [use, states, images, { items: requested }] = await Promise.all([
    quotas.use(project.id),
    database.all<{ state: ServerState; count: number }>(
      read(tables.servers)
        .where(mine)
        .whereNull("deleted_at_ms")
        .groupBy("state")
        .select("state", read.raw("COUNT(*) AS count")),
    ),
    database.first<{ count: number; bytes: number }>(
      read(tables.images)
        .where({ ...mine, state: "active" })
        .select(read.raw("COUNT(*) AS count"), read.raw("CAST(COALESCE(SUM(logical_bytes), 0) AS BIGINT) AS bytes")),
    ),
    requests.find({ projectId: project.id, state: ["open"] }, { limit: 1, sort: "createdAt" }),
  ]);
  return {
    project,
    quotas: [...use],
    servers: {
      total: states.reduce((total, { count }) => total + count, 0),
      byState: Object.fromEntries(states.map(({ state, count }) => [state, count])),
    },
    images: { count: images?.count ?? 0, logicalBytes: images?.bytes ?? 0 },
    quotaRequest: requested[0] ?? null,
  };
}
