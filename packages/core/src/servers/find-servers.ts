import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import type { SortColumn } from "../database/page-query.ts";
import type { Tables } from "../database/tables.ts";
import type { CreationFilter, NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { ServerState } from "./model.ts";
import type { ServerRow } from "./server-row.ts";

/** What servers can be sorted by. */
export type ServerSort = "createdAt" | "name";

/** Which servers to find. */
export interface FindServers extends NameFilter, CreationFilter {
  /** `undefined`: of every project. */
  readonly projectId?: string | undefined;
  readonly state?: readonly ServerState[] | undefined;
  /** Not those in this state. */
  readonly but?: ServerState | undefined;
  readonly flavor?: string | undefined;
  readonly imageId?: string | undefined;
  readonly zone?: string | undefined;
  readonly hostId?: string | undefined;
  readonly userId?: string | undefined;
}

const sorts: Readonly<Record<ServerSort, SortColumn>> = {
  createdAt: { column: "s.created_at_ms", type: "integer" },
  name: { column: "s.name", type: "text" },
};

/** Servers that are there, each with the names of its host and its group. */
export const selectServers = ({ servers, hosts, server_groups: groups }: Tables): string =>
  `SELECT s.*, h.name AS host_name, h.zone AS host_zone, g.name AS group_name, g.policy AS group_policy FROM ${servers} s LEFT JOIN ${hosts} h ON h.id = s.host_id LEFT JOIN ${groups} g ON g.id = s.group_id`;

/** The query of a page of servers. */
export function serverQuery(tables: Tables, where: FindServers): PageQuery<ServerRow, ServerSort> {
  const query = new PageQuery<ServerRow, ServerSort>({ select: selectServers(tables), sorts, id: "s.id" })
    .where("s.deleted_at_ms IS NULL")
    .equal("s.project_id", where.projectId)
    .equal("s.name", where.name)
    .begins("s.name", where.namePrefix)
    .oneOf("s.state", where.state)
    .equal("s.flavor", where.flavor)
    .equal("s.image_id", where.imageId)
    .equal("h.zone", where.zone)
    .equal("s.host_id", where.hostId)
    .equal("s.user_id", where.userId)
    .atLeast("s.created_at_ms", where.createdSinceMs)
    .below("s.created_at_ms", where.createdBeforeMs);
  return where.but === undefined ? query : query.where("s.state <> ?", where.but);
}

/** A page of servers. */
export const findServers = (
  database: Database,
  where: FindServers,
  part: SliceRequest<ServerSort>,
): Promise<Slice<ServerRow>> => serverQuery(database.tables, where).read(database, part);
