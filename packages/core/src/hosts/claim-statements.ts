import { builtInColumns, quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { lockInOrder } from "../database/row-locks.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Binding, Refused, Row, Script, Statement } from "../database/script.ts";
import { builtInResources } from "../ports/host.ts";
import type { QuotaName } from "../quotas/model.ts";
import type { QuotaStore } from "../quotas/store.ts";
import type { GroupOfServer, ServerGroupStore } from "../server-groups/store.ts";

/** What a server takes of its host and of its project's quotas. */
export interface Claim {
  readonly projectId: string;
  readonly vcpus: number;
  /** Of the host, by resource name; built-in ones and declared ones alike. Memory with its hypervisor's overhead. */
  readonly resources: Readonly<Record<string, number>>;
  /** What the guest sees, which is what the project's quota counts. */
  readonly memoryMib: number;
  /** The server's group, whose policy the claim keeps. */
  readonly group?: GroupOfServer | undefined;
}

/** The scheduler's view, which follows claims at once. */
export interface ClaimWatcher {
  /** A host's row as a claim or a release left it. */
  changed(row: Row): void;
  /** The view is behind: a claim was refused by its guard, or took what no host's row shows. */
  stale(): void;
}

/** What claims are made of. */
export interface ClaimParts {
  readonly database: Database;
  readonly quotas: QuotaStore;
  readonly groups: ServerGroupStore;
  readonly watcher: ClaimWatcher;
}

/** Statements that change hosts, and what to tell the watcher once they are committed. */
export interface PlaceStatements extends Pick<Required<Script>, "committed"> {
  readonly statements: readonly Statement[];
}

/** What a server keeps when it gives back its places. */
export interface Kept {
  /** The host on which it keeps its place. */
  readonly keptId?: string;
  /** Whether it goes on counting as a server of its project. */
  readonly counts?: boolean;
}

/** The guards and the give-backs of all claims, each once. What of the quotas goes with them is said by who uses them. */
export class ClaimStatements {
  readonly #parts: ClaimParts;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
  }

  /** A place on a host, group included: guard `host` without room, or when it takes nothing; `group`. */
  take(serverId: string, hostId: string, claim: Claim): PlaceStatements {
    const { database, groups, watcher } = this.#parts;
    const { allocations, hosts } = database.tables;
    const needs = builtInResources.map((name) => claim.resources[name] ?? 0);
    const sets = builtInColumns.map((column) => `${column}_used = ${column}_used + ?`);
    const guards = builtInColumns.map((column) => `${column}_used + ? <= ${column}_total`);
    const declared = this.declared(hostId, declaredOf(claim));
    return {
      statements: [
        guarded(
          "host",
          `UPDATE ${hosts} SET ${sets.join(", ")} WHERE id = ? AND enabled AND state = 'up' AND ${guards.join(" AND ")} RETURNING *`,
          [...needs, hostId, ...needs],
        ),
        ...declared,
        insertInto(allocations, {
          server_id: serverId,
          host_id: hostId,
          project_id: claim.projectId,
          ...allocationOf(claim),
        }),
        ...(claim.group === undefined ? [] : groups.take(serverId, claim.group, hostId)),
      ],
      committed: (rows) => {
        for (const row of rows[0] ?? []) watcher.changed(row);
        if (declared.length > 0) watcher.stale();
      },
    };
  }

  /**
   * Gives back a server's places, but the one on a host that it keeps, and their part of the quotas.
   * @param kept what it keeps; nothing unless it is said
   */
  giveBack(serverId: string, { keptId, counts = false }: Kept = {}): PlaceStatements {
    const { database, groups, watcher } = this.#parts;
    const { allocations, hosts, host_resources: declared } = database.tables;
    const which = `server_id = ?${keptId === undefined ? "" : " AND host_id <> ?"}`;
    const whose = [serverId, ...(keptId === undefined ? [] : [keptId])];
    const places = `SELECT host_id FROM ${allocations} WHERE ${which}`;
    const given = builtInColumns.map(
      (column) =>
        `${column}_used = ${column}_used - (SELECT a.${column} FROM ${allocations} a WHERE a.server_id = ? AND a.host_id = ${hosts}.id)`,
    );
    const amount = declaredAmount(database);
    const locks = lockInOrder(database, hosts, `id IN (${places})`, whose);
    return {
      statements: [
        ...locks,
        statement(`UPDATE ${hosts} SET ${given.join(", ")} WHERE id IN (${places}) RETURNING *`, [
          ...given.map(() => serverId),
          ...whose,
        ]),
        statement(
          `UPDATE ${declared} SET used = used - ${amount} WHERE host_id IN (${places}) AND ${amount} IS NOT NULL RETURNING host_id`,
          [serverId, ...whose, serverId],
        ),
        // Before the quota's row, as the claim takes them.
        ...(keptId === undefined ? groups.release(serverId) : groups.settle(serverId, keptId)),
        this.#giveBackQuota(serverId, keptId, counts),
        statement(`DELETE FROM ${allocations} WHERE ${which}`, whose),
      ],
      committed: (rows) => {
        for (const row of rows[locks.length] ?? []) watcher.changed(row);
        // What is not in the host's row: the view must be read anew.
        if ((rows[locks.length + 1]?.length ?? 0) > 0) watcher.stale();
      },
    };
  }

  /** Changes what a host's declared resources count; growth is guarded: `host`. */
  declared(hostId: string, deltas: Readonly<Record<string, number>>): readonly Statement[] {
    const { host_resources: table } = this.#parts.database.tables;
    const sql = `UPDATE ${table} SET used = used + ? WHERE host_id = ? AND name = ?`;
    return Object.entries(deltas).map(([name, delta]) =>
      delta > 0
        ? guarded("host", `${sql} AND used + ? <= total`, [delta, hostId, name, delta])
        : statement(sql, [delta, hostId, name]),
    );
  }

  /** What a guard that did not hold means: what the quota lacks, or that another host is to be tried. */
  async refused(guard: string, projectId: string, needs: Partial<Record<QuotaName, number>>): Promise<Refused> {
    const { quotas, watcher } = this.#parts;
    if (guard === "quota") return (await quotas.shortage(projectId, needs)) ?? "again";
    watcher.stale();
    return "next";
  }

  /** While it has two places, the quotas hold the larger amount of each resource. */
  #giveBackQuota(serverId: string, keptId: string | undefined, counts: boolean): Statement {
    const { allocations, quotas } = this.#parts.database.tables;
    const kept = keptId === undefined ? "" : " AND host_id = ?";
    const of = (what: string, where: string): string =>
      `(SELECT ${what} FROM ${allocations} WHERE server_id = ?${where})`;
    const sources = quotaSources.filter(([name]) => !counts || name !== "servers");
    const given = sources.map(([name, source]) => {
      const stays = keptId === undefined ? "" : ` + ${of(source, kept)}`;
      return `${quotaColumn(name, "used")} = ${quotaColumn(name, "used")} - ${of(`MAX(${source})`, "")}${stays}`;
    });
    const each = keptId === undefined ? [serverId] : [serverId, serverId, keptId];
    return statement(`UPDATE ${quotas} SET ${given.join(", ")} WHERE project_id = ${of("MAX(project_id)", kept)}`, [
      ...given.flatMap(() => each),
      serverId,
      ...(keptId === undefined ? [] : [keptId]),
    ]);
  }
}

/** A claim as an allocation's columns. */
export const allocationOf = (claim: Claim): Readonly<Record<string, Binding>> => ({
  vcpus: claim.vcpus,
  ...Object.fromEntries(builtInResources.map((name, index) => [builtInColumns[index], claim.resources[name] ?? 0])),
  quota_memory_mib: claim.memoryMib,
  resources: JSON.stringify(declaredOf(claim)),
});

/** Of the resources that the product declared, what a claim takes. */
export const declaredOf = (claim: Claim): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(claim.resources)
      .filter(([name, need]) => !isBuiltIn(name) && need > 0)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );

/** Which column of an allocation each quota counts. Servers count one each. */
export const quotaSources: readonly (readonly [QuotaName, string])[] = [
  ["servers", "1"],
  ["vcpus", "vcpus"],
  ["milliEcu", "milli_ecu"],
  ["diskGib", "disk_gib"],
  ["memoryMib", "quota_memory_mib"],
  ["externalKbit", "external_kbit"],
];

/** What a claim takes of its project's quotas. */
export const quotaNeeds = (claim: Claim): Partial<Record<QuotaName, number>> => ({
  servers: 1,
  vcpus: claim.vcpus,
  milliEcu: claim.resources["milliEcu"] ?? 0,
  diskGib: claim.resources["diskGib"] ?? 0,
  memoryMib: claim.memoryMib,
  externalKbit: claim.resources["externalKbit"] ?? 0,
});

/** Of the declared resource in the row at hand, what the allocation of a server there says it has; binds the server. */
function declaredAmount({ concurrentWriters, tables }: Database): string {
  const { allocations, host_resources: declared } = tables;
  const amount = concurrentWriters
    ? `(a.resources::jsonb ->> ${declared}.name)::bigint`
    : `(a.resources ->> ${declared}.name)`;
  return `(SELECT ${amount} FROM ${allocations} a WHERE a.server_id = ? AND a.host_id = ${declared}.host_id)`;
}

const isBuiltIn = (name: string): boolean => (builtInResources as readonly string[]).includes(name);
