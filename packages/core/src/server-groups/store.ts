import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { keptThere, lockRow } from "../database/row-locks.ts";
import { guarded, insertNew, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { ServerGroup, ServerGroupPolicy } from "./model.ts";

interface ServerGroupRow {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly policy: ServerGroupPolicy;
  readonly created_at_ms: number;
}

/** A group as a placement needs it. */
export interface GroupOfServer {
  readonly id: string;
  readonly policy: ServerGroupPolicy;
}

/** Which groups to find. */
export interface FindServerGroups extends NameFilter {
  /** `undefined`: of every project. */
  readonly projectId?: string | undefined;
  readonly policy?: readonly ServerGroupPolicy[] | undefined;
  readonly server?: string | undefined;
}

/** The guard of what needs a group to be there. */
export const groupGone = "group gone";

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
} as const;

/** Server groups' rows, and the places that their servers hold. */
export class ServerGroupStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new group. Gives `false` when the project has one of that name. */
  create(group: Omit<ServerGroup, "serverIds">): Script<boolean> {
    return insertNew(this.#database.tables.server_groups, {
      id: group.id,
      project_id: group.projectId,
      name: group.name,
      policy: group.policy,
      created_at_ms: group.createdAtMs,
    });
  }

  /** Before a server's row names the group: guard {@link groupGone}. It cannot go until that row is there. */
  hold(groupId: string): Statement {
    const { server_groups: groups } = this.#database.tables;
    return guarded(groupGone, `SELECT id FROM ${groups} WHERE id = ?${keptThere(this.#database)}`, [groupId]);
  }

  /** Guard `group` when a server is in it, or it is gone. */
  delete(groupId: string): Script {
    const { server_groups: groups, servers } = this.#database.tables;
    return {
      statements: [
        // First, so that what follows sees every server that was put into it.
        ...lockRow(this.#database, groups, groupId),
        statement(`UPDATE ${servers} SET group_id = NULL WHERE group_id = ? AND deleted_at_ms IS NOT NULL`, [groupId]),
        guarded(
          "group",
          `DELETE FROM ${groups} WHERE id = ? AND NOT EXISTS (SELECT 1 FROM ${servers} s WHERE s.group_id = ${groups}.id)`,
          [groupId],
        ),
      ],
      result: undefined,
    };
  }

  /**
   * Takes a server's place in its group on a host: guard `group` when the policy has none for it there. Servers that
   * share a host take it one after another, at the group's row; the first says which host it is. From a host that is
   * fenced, the first that is evacuated says where the others follow.
   */
  take(serverId: string, { id, policy }: GroupOfServer, hostId: string): readonly Statement[] {
    const { group_members: members, hosts, server_groups: groups } = this.#database.tables;
    const member = `INSERT INTO ${members} (server_id, group_id, host_id, exclusive) VALUES (?, ?, ?, ${policy === "anti-affinity" ? "TRUE" : "FALSE"}) ON CONFLICT DO NOTHING`;
    const together = `UPDATE ${groups} SET host_id = ?, placed = placed + 1 WHERE id = ? AND (placed = 0 OR host_id = ? OR host_id IN (SELECT id FROM ${hosts} WHERE fence = 'fenced'))`;
    return [
      ...(policy === "affinity" ? [guarded("group", together, [hostId, id, hostId])] : []),
      guarded("group", member, [serverId, id, hostId]),
    ];
  }

  /** Gives back a server's places, if it has any. */
  release(serverId: string): readonly Statement[] {
    const { group_members: members, server_groups: groups } = this.#database.tables;
    const mine = `FROM ${members} WHERE server_id = ?`;
    return [
      statement(
        `UPDATE ${groups} SET placed = placed - (SELECT COUNT(*) ${mine}) WHERE policy = 'affinity' AND id IN (SELECT group_id ${mine})`,
        [serverId, serverId],
      ),
      statement(`DELETE ${mine}`, [serverId]),
    ];
  }

  /** Gives back a server's places but the one on this host. */
  settle(serverId: string, hostId: string): readonly Statement[] {
    const { group_members: members, server_groups: groups } = this.#database.tables;
    const others = `FROM ${members} WHERE server_id = ? AND host_id <> ?`;
    return [
      statement(
        `UPDATE ${groups} SET placed = placed - (SELECT COUNT(*) ${others}) WHERE policy = 'affinity' AND id IN (SELECT group_id ${others})`,
        [serverId, hostId, serverId, hostId],
      ),
      statement(`DELETE ${others}`, [serverId, hostId]),
    ];
  }

  /**
   * Where its members are, a host once for each; those on a fenced host are nowhere.
   * @param serverId whose own place does not count
   */
  async hostIds(groupId: string, serverId: string): Promise<readonly string[]> {
    const { read, tables } = this.#database;
    const fenced = read(tables.hosts).where({ fence: "fenced" }).select("id");
    const query = read(tables.group_members).where({ group_id: groupId }).whereNot({ server_id: serverId });
    void query.whereNotIn("host_id", fenced);
    return (await this.#database.all<{ host_id: string }>(query.select("host_id"))).map((row) => row.host_id);
  }

  async named(projectId: string | undefined, idOrName: string): Promise<ServerGroup | undefined> {
    const query = this.#rows().where((either) => void either.where({ id: idOrName }).orWhere({ name: idOrName }));
    if (projectId !== undefined) void query.where({ project_id: projectId });
    else void query.where({ id: idOrName });
    const row = await this.#database.first<ServerGroupRow>(query.orderByRaw("id = ? DESC", [idOrName]));
    return row === undefined ? undefined : (await this.#withServers([row]))[0];
  }

  async find(where: FindServerGroups, part: SliceRequest<keyof typeof sorts>): Promise<Slice<ServerGroup>> {
    const { server_groups: groups, servers } = this.#database.tables;
    const select = `SELECT * FROM ${groups}`;
    const query = new PageQuery<ServerGroupRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .equal("name", where.name)
      .begins("name", where.namePrefix)
      .oneOf("policy", where.policy);
    if (where.server !== undefined) {
      query.where(`id = (SELECT group_id FROM ${servers} WHERE id = ? AND deleted_at_ms IS NULL)`, where.server);
    }
    const { items, next } = await query.read(this.#database, part);
    return { items: await this.#withServers(items), next };
  }

  async #withServers(rows: readonly ServerGroupRow[]): Promise<ServerGroup[]> {
    const { read, tables } = this.#database;
    const ids = rows.map(({ id }) => id);
    const members = await this.#database.all<{ id: string; group_id: string }>(
      read(tables.servers).whereIn("group_id", ids).whereNull("deleted_at_ms").orderBy("id").select("id", "group_id"),
    );
    const byGroup = Map.groupBy(members, ({ group_id }) => group_id);
    return rows.map((row) => groupOf(row, byGroup.get(row.id)?.map(({ id }) => id) ?? []));
  }

  #rows() {
    return this.#database.read(this.#database.tables.server_groups);
  }
}

const groupOf = (row: ServerGroupRow, serverIds: string[]): ServerGroup => ({
  id: row.id,
  projectId: row.project_id,
  name: row.name,
  policy: row.policy,
  serverIds,
  createdAtMs: row.created_at_ms,
});
