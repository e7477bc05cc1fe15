import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import type { SortColumn } from "../database/page-query.ts";
import type { Tables } from "../database/tables.ts";
import type { CreationFilter, NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { ServerState } from "./model.ts";
import type { ServerRow } from "./server-row.ts";
import type { Tags } from "../tags/tags.ts";

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
  /** All of them, with these values. */
  readonly tags?: Tags | undefined;
}

const sorts: Readonly<Record<ServerSort, SortColumn>> = {
  createdAt: { column: "s.created_at_ms", type: "integer" },
  name: { column: "s.name", type: "text" },
};

/** A tag's row has what its server is sorted by. */
const sortsOfTags: typeof sorts = {
  createdAt: { column: "t.created_at_ms", type: "integer" },
  name: { column: "t.server_name", type: "text" },
};

const columns =
  "s.*, h.name AS host_name, h.zone AS host_zone, h.fence AS host_fence, g.name AS group_name, g.policy AS group_policy";

const joins = ({ hosts, server_groups: groups }: Tables): string =>
  `LEFT JOIN ${hosts} h ON h.id = s.host_id LEFT JOIN ${groups} g ON g.id = s.group_id`;

/** Servers, each with the names of its host and its group. */
export const selectServers = (tables: Tables): string => `SELECT ${columns} FROM ${tables.servers} s ${joins(tables)}`;

/** The query of a page of servers. */
export function serverQuery(tables: Tables, where: FindServers): PageQuery<ServerRow, ServerSort> {
  const query = queryByTag(tables, where)
    .where("s.deleted_at_ms IS NULL")
    .equal("s.name", where.name)
    .begins("s.name", where.namePrefix)
    .oneOf("s.state", where.state)
    .equal("s.flavor", where.flavor)
    .equal("s.image_id", where.imageId)
    .equal("s.zone", where.zone)
    .equal("s.host_id", where.hostId)
    .equal("s.user_id", where.userId)
    .atLeast("s.created_at_ms", where.createdSinceMs)
    .below("s.created_at_ms", where.createdBeforeMs);
  return where.but === undefined ? query : query.where("s.state <> ?", where.but);
}

/** Read along the index of the first tag that is asked for, if any; further ones are looked up for each server. */
function queryByTag(tables: Tables, { projectId, tags = {} }: FindServers): PageQuery<ServerRow, ServerSort> {
  const [first, ...others] = Object.entries(tags);
  if (first === undefined) {
    const all = new PageQuery<ServerRow, ServerSort>({ select: selectServers(tables), sorts, id: "s.id" });
    return all.equal("s.project_id", projectId);
  }
  const { servers, server_tags: tagged } = tables;
  // CROSS JOIN has SQLite take the tags first.
  const select = `SELECT ${columns}, t.server_id, t.server_name FROM ${tagged} t CROSS JOIN ${servers} s ${joins(tables)}`;
  const query = new PageQuery<ServerRow, ServerSort>({ select, sorts: sortsOfTags, id: "t.server_id" })
    .where("s.id = t.server_id")
    .where("t.tag = ? AND t.value = ?", ...first)
    .equal("t.project_id", projectId);
  // Not EXISTS: PostgreSQL would join the tags first, and then sort all that it found.
  const also = `(SELECT o.value = ? FROM ${tagged} o WHERE o.server_id = t.server_id AND o.tag = ?)`;
  for (const [tag, value] of others) query.where(also, value, tag);
  return query;
}

/** A page of servers. */
export const findServers = (
  database: Database,
  where: FindServers,
  part: SliceRequest<ServerSort>,
): Promise<Slice<ServerRow>> => serverQuery(database.tables, where).read(database, part);
