import { builtInColumns, quotaColumn } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { lockInOrder } from "../database/lock-in-order.ts";
import { guarded, insertInto, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { builtInResources } from "../ports/host.ts";
import { quotaNames } from "../quotas/model.ts";
import type { QuotaName } from "../quotas/model.ts";
import type { QuotaStore } from "../quotas/store.ts";
import type { ServerGroupStore } from "../server-groups/store.ts";
import { allocationOf, declaredAmount, declaredOf, quotaNeeds, quotaSources } from "./claims.ts";
import type { Claim, ClaimWatcher } from "./claims.ts";

/**
 * Changes what a server has claimed already: its size, its host, or both. While it holds places on two hosts its quotas
 * hold the larger of the two, each resource for itself. Guarded like every claim: growth only where there is room.
 */
export class ClaimChanges {
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

  /**
   * Another size on the host that it is on: the difference. Guards: `host` without room for what grows, `quota`,
   * `allocation` when it has not claimed just `from`.
   */
  change(serverId: string, hostId: string, from: Claim, to: Claim): Script {
    const { allocations, hosts } = this.#database.tables;
    const deltas = builtInResources.map((name) => (to.resources[name] ?? 0) - (from.resources[name] ?? 0));
    const sets = builtInColumns.map((column) => `${column}_used = ${column}_used + ?`);
    const growing = builtInColumns.flatMap((column, index) => {
      const delta = deltas[index] ?? 0;
      return delta > 0 ? [{ sql: `AND ${column}_used + ? <= ${column}_total`, delta }] : [];
    });
    const before = allocationOf(from);
    const after = allocationOf(to);
    const columns = Object.keys(after);
    const declared = this.#declaredDeltas(hostId, from, to);
    return {
      statements: [
        guarded(
          "host",
          `UPDATE ${hosts} SET ${sets.join(", ")} WHERE id = ? ${growing.map(({ sql }) => sql).join(" ")} RETURNING *`,
          [...deltas, hostId, ...growing.map(({ delta }) => delta)],
        ),
        ...declared,
        guarded(
          "allocation",
          `UPDATE ${allocations} SET ${columns.map((column) => `${column} = ?`).join(", ")} WHERE server_id = ? AND host_id = ? AND ${columns.map((column) => `${column} = ?`).join(" AND ")}`,
          [...Object.values(after), serverId, hostId, ...Object.values(before)],
        ),
        ...this.#quotaDeltas(from, to),
      ],
      result: undefined,
      committed: (rows) => {
        for (const row of rows[0] ?? []) this.#watcher.changed(row);
        if (declared.length > 0) this.#watcher.stale();
      },
      refused: async (guard) => this.#refused(guard, from, to),
    };
  }

  /**
   * A place on another host, beside the one that it has. Guards as {@link Claims.take}; the quotas grow by what the new
   * place takes more than the old.
   */
  takeNext(serverId: string, hostId: string, from: Claim, to: Claim): Script<{ targetId: string }> {
    const { allocations, hosts } = this.#database.tables;
    const needs = builtInResources.map((name) => to.resources[name] ?? 0);
    const sets = builtInColumns.map((column) => `${column}_used = ${column}_used + ?`);
    const guards = builtInColumns.map((column) => `${column}_used + ? <= ${column}_total`);
    const declared = this.#declaredDeltas(hostId, { ...from, resources: {} }, to);
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
          project_id: to.projectId,
          ...allocationOf(to),
        }),
        ...(to.group === undefined ? [] : this.#groups.take(serverId, to.group, hostId)),
        ...this.#quotaDeltas(from, larger(from, to)),
      ],
      result: { targetId: hostId },
      committed: (rows) => {
        for (const row of rows[0] ?? []) this.#watcher.changed(row);
        if (declared.length > 0) this.#watcher.stale();
      },
      refused: async (guard) => {
        if (guard === "quota") return this.#refused(guard, from, to);
        this.#watcher.stale();
        return "next";
      },
    };
  }

  /** Gives back every place but the one on this host, and of the quotas what that one does not need. */
  settle(serverId: string, hostId: string): Script {
    const { allocations, hosts, host_resources: declared, quotas } = this.#database.tables;
    const others = `SELECT host_id FROM ${allocations} WHERE server_id = ? AND host_id <> ?`;
    const given = builtInColumns.map(
      (column) =>
        `${column}_used = ${column}_used - (SELECT a.${column} FROM ${allocations} a WHERE a.server_id = ? AND a.host_id = ${hosts}.id)`,
    );
    const mine = (what: string, where: string): string =>
      `(SELECT ${what} FROM ${allocations} WHERE server_id = ?${where})`;
    const quotaGiven = quotaSources.map(
      ([name, source]) =>
        `${quotaColumn(name, "used")} = ${quotaColumn(name, "used")} - (${mine(`MAX(${source})`, "")} - ${mine(source, " AND host_id = ?")})`,
    );
    const amount = declaredAmount(this.#database);
    return {
      statements: [
        ...lockInOrder(this.#database, hosts, `id IN (${others})`, [serverId, hostId]),
        statement(`UPDATE ${hosts} SET ${given.join(", ")} WHERE id IN (${others}) RETURNING *`, [
          ...given.map(() => serverId),
          serverId,
          hostId,
        ]),
        statement(
          `UPDATE ${declared} SET used = used - ${amount} WHERE host_id IN (${others}) AND ${amount} IS NOT NULL RETURNING host_id`,
          [serverId, serverId, hostId, serverId],
        ),
        ...this.#groups.settle(serverId, hostId),
        statement(
          `UPDATE ${quotas} SET ${quotaGiven.join(", ")} WHERE project_id = ${mine("project_id", " AND host_id = ?")}`,
          [...quotaGiven.flatMap(() => [serverId, serverId, hostId]), serverId, hostId],
        ),
        statement(`DELETE FROM ${allocations} WHERE server_id = ? AND host_id <> ?`, [serverId, hostId]),
      ],
      result: undefined,
      committed: () => this.#watcher.stale(),
    };
  }

  #declaredDeltas(hostId: string, from: Claim, to: Claim): readonly Statement[] {
    const { host_resources: table } = this.#database.tables;
    const [before, after] = [declaredOf(from), declaredOf(to)];
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
      const delta = (after[name] ?? 0) - (before[name] ?? 0);
      const sql = `UPDATE ${table} SET used = used + ? WHERE host_id = ? AND name = ?`;
      if (delta === 0) return [];
      if (delta < 0) return [statement(sql, [delta, hostId, name])];
      return [guarded("host", `${sql} AND used + ? <= total`, [delta, hostId, name, delta])];
    });
  }

  #quotaDeltas(from: Claim, to: Claim): readonly Statement[] {
    const deltas = differences(from, to);
    return Object.keys(deltas).length === 0 ? [] : [this.#quotas.change(to.projectId, deltas)];
  }

  async #refused(guard: string, from: Claim, to: Claim) {
    const growth = Object.fromEntries(Object.entries(differences(from, to)).filter(([, delta]) => delta > 0));
    if (guard === "quota") return (await this.#quotas.shortage(to.projectId, growth)) ?? "again";
    this.#watcher.stale();
    return "next" as const;
  }
}

const most = (a = 0, b = 0): number => Math.max(a, b);

/** Of two sizes the larger amount of each resource: what is held until it is known which of them stays. */
export function larger(one: Claim, other: Claim): Claim {
  const names = new Set([...Object.keys(one.resources), ...Object.keys(other.resources)]);
  return {
    ...other,
    vcpus: most(one.vcpus, other.vcpus),
    memoryMib: most(one.memoryMib, other.memoryMib),
    resources: Object.fromEntries([...names].map((name) => [name, most(one.resources[name], other.resources[name])])),
  };
}

/** By quota, what one size takes more than the other; what does not differ is left out. */
function differences(from: Claim, to: Claim): Partial<Record<QuotaName, number>> {
  const [before, after] = [quotaNeeds(from), quotaNeeds(to)];
  return Object.fromEntries(
    quotaNames.flatMap((name) => {
      const delta = (after[name] ?? 0) - (before[name] ?? 0);
      return delta === 0 ? [] : [[name, delta]];
    }),
  );
}
