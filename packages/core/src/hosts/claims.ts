import { builtInColumns, quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { lockInOrder } from "../database/lock-in-order.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Binding, Row, Script, Statement } from "../database/script.ts";
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

/**
 * Takes and gives back capacity. The guard is a conditional update, `used + need <= total`, never a read before a
 * write: under any number of claimers a host is filled exactly and never over. Host first, the project's quota row last,
 * since that is the hottest.
 */
export class Claims {
  readonly #database: Database;
  readonly #quotas: QuotaStore;
  readonly #groups: ServerGroupStore;
  readonly #watcher: ClaimWatcher;

  constructor(database: Database, quotas: QuotaStore, groups: ServerGroupStore, watcher: ClaimWatcher) {
    this.#database = database;
    this.#quotas = quotas;
    this.#groups = groups;
    this.#watcher = watcher;
  }

  /** Host, allocation and quota in one. */
  take(serverId: string, hostId: string, claim: Claim): Script<{ hostId: string }> {
    const { allocations, hosts } = this.#database.tables;
    const needs = builtInResources.map((name) => claim.resources[name] ?? 0);
    const assignments = builtInColumns.map((column) => `${column}_used = ${column}_used + ?`);
    const guards = builtInColumns.map((column) => `${column}_used + ? <= ${column}_total`);
    const declared = Object.entries(declaredOf(claim));
    return {
      statements: [
        guarded(
          "host",
          `UPDATE ${hosts} SET ${assignments.join(", ")} WHERE id = ? AND enabled AND state = 'up' AND ${guards.join(" AND ")} RETURNING *`,
          [...needs, hostId, ...needs],
        ),
        ...declared.map(([name, need]) => this.#takeDeclared(hostId, name, need)),
        insertInto(allocations, {
          server_id: serverId,
          host_id: hostId,
          project_id: claim.projectId,
          ...allocationOf(claim),
        }),
        ...(claim.group === undefined ? [] : this.#groups.take(serverId, claim.group, hostId)),
        this.#quotas.take(claim.projectId, quotaNeeds(claim)),
      ],
      result: { hostId },
      committed: (rows) => this.#report(rows[0], declared.length > 0),
      refused: async (guard) => {
        if (guard === "quota") return (await this.#quotas.shortage(claim.projectId, quotaNeeds(claim))) ?? "again";
        this.#watcher.stale();
        return "next";
      },
    };
  }

  /** Gives back what a server has claimed, if anything; on both hosts while it has two. */
  release(serverId: string): Script {
    const { allocations, hosts, host_resources: declared, quotas } = this.#database.tables;
    const places = `SELECT host_id FROM ${allocations} WHERE server_id = ?`;
    const mine = (what: string): string => `(SELECT ${what} FROM ${allocations} WHERE server_id = ?)`;
    const given = builtInColumns.map(
      (column) =>
        `${column}_used = ${column}_used - (SELECT a.${column} FROM ${allocations} a WHERE a.server_id = ? AND a.host_id = ${hosts}.id)`,
    );
    const amount = declaredAmount(this.#database);
    const quotaGiven = quotaSources.map(
      ([name, source]) => `${quotaColumn(name, "used")} = ${quotaColumn(name, "used")} - ${mine(`MAX(${source})`)}`,
    );
    const locks = lockInOrder(this.#database, hosts, `id IN (${places})`, [serverId]);
    return {
      statements: [
        ...locks,
        statement(`UPDATE ${hosts} SET ${given.join(", ")} WHERE id IN (${places}) RETURNING *`, [
          ...given.map(() => serverId),
          serverId,
        ]),
        statement(
          `UPDATE ${declared} SET used = used - ${amount} WHERE host_id IN (${places}) AND ${amount} IS NOT NULL RETURNING host_id`,
          [serverId, serverId, serverId],
        ),
        // Before the quota's row, as the claim takes them.
        ...this.#groups.release(serverId),
        statement(`UPDATE ${quotas} SET ${quotaGiven.join(", ")} WHERE project_id = ${mine("MAX(project_id)")}`, [
          ...quotaGiven.map(() => serverId),
          serverId,
        ]),
        statement(`DELETE FROM ${allocations} WHERE server_id = ?`, [serverId]),
      ],
      result: undefined,
      committed: (rows) => this.#report(rows[locks.length], (rows[locks.length + 1]?.length ?? 0) > 0),
    };
  }

  #takeDeclared(hostId: string, name: string, need: number): Statement {
    const { host_resources: table } = this.#database.tables;
    const sql = `UPDATE ${table} SET used = used + ? WHERE host_id = ? AND name = ? AND used + ? <= total`;
    return guarded("host", sql, [need, hostId, name, need]);
  }

  /** @param declaredToo whether it changed what is not in the host's row, so that the view must be read anew */
  #report(rows: readonly Row[] | undefined, declaredToo: boolean): void {
    for (const row of rows ?? []) this.#watcher.changed(row);
    if (declaredToo) this.#watcher.stale();
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

/** Of the declared resource in the row at hand, what the allocation of a server there says it has; binds the server. */
export function declaredAmount({ concurrentWriters, tables }: Database): string {
  const { allocations, host_resources: declared } = tables;
  const amount = concurrentWriters
    ? `(a.resources::jsonb ->> ${declared}.name)::bigint`
    : `(a.resources ->> ${declared}.name)`;
  return `(SELECT ${amount} FROM ${allocations} a WHERE a.server_id = ? AND a.host_id = ${declared}.host_id)`;
}

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

const isBuiltIn = (name: string): boolean => (builtInResources as readonly string[]).includes(name);
