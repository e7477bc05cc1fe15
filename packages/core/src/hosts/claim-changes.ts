import { builtInColumns, quotaColumn } from "../database/columns.ts";
import { guarded, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { builtInResources } from "../ports/host.ts";
import { allocationOf, ClaimStatements, declaredOf, quotaNeeds } from "./claim-statements.ts";
import type { Claim, ClaimParts } from "./claim-statements.ts";

/**
 * Changes what a server has claimed already: its size, its host, both, or whether it has one. While it holds places on
 * two hosts its quotas hold the larger of the two, each resource for itself. Guarded like every claim: growth only where
 * there is room.
 */
export class ClaimChanges {
  readonly #parts: ClaimParts;
  readonly #statements: ClaimStatements;

  constructor(parts: ClaimParts) {
    this.#parts = parts;
    this.#statements = new ClaimStatements(parts);
  }

  /**
   * Another size on the host that it is on: the difference. Guards: `host` without room for what grows, `quota`,
   * `allocation` when it has not claimed just `from`.
   */
  change(serverId: string, hostId: string, from: Claim, to: Claim): Script {
    const { database, watcher } = this.#parts;
    const { allocations, hosts } = database.tables;
    const deltas = builtInResources.map((name) => (to.resources[name] ?? 0) - (from.resources[name] ?? 0));
    const sets = builtInColumns.map((column) => `${column}_used = ${column}_used + ?`);
    const growing = builtInColumns.flatMap((column, index) => {
      const delta = deltas[index] ?? 0;
      return delta > 0 ? [{ sql: `AND ${column}_used + ? <= ${column}_total`, delta }] : [];
    });
    const before = allocationOf(from);
    const after = allocationOf(to);
    const columns = Object.keys(after);
    const declared = this.#statements.declared(hostId, differences(declaredOf(from), declaredOf(to)));
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
        for (const row of rows[0] ?? []) watcher.changed(row);
        if (declared.length > 0) watcher.stale();
      },
      refused: (guard) => this.#refused(guard, from, to),
    };
  }

  /**
   * A place on another host, beside the one that it has. Guards as {@link Claims.take}; the quotas grow by what the new
   * place takes more than the old.
   */
  takeNext(serverId: string, hostId: string, from: Claim, to: Claim): Script<{ targetId: string }> {
    const place = this.#statements.take(serverId, hostId, to);
    return {
      ...place,
      statements: [...place.statements, ...this.#quotaDeltas(from, larger(from, to))],
      result: { targetId: hostId },
      refused: (guard) => this.#refused(guard, from, to),
    };
  }

  /** Gives back every place but the one on this host, and of the quotas what that one does not need. */
  settle(serverId: string, hostId: string): Script {
    return { ...this.#statements.giveBack(serverId, { keptId: hostId }), result: undefined };
  }

  /** Gives back every place of a server that is shelved. It counts as a server of its project all the same. */
  park(serverId: string): Script {
    return { ...this.#statements.giveBack(serverId, { counts: true }), result: undefined };
  }

  /** A place for a shelved server: guards as {@link Claims.take}, but that it counts as a server already. */
  unpark(serverId: string, hostId: string, claim: Claim): Script<{ hostId: string }> {
    const place = this.#statements.take(serverId, hostId, claim);
    const needs = { ...quotaNeeds(claim), servers: 0 };
    return {
      ...place,
      statements: [...place.statements, this.#parts.quotas.take(claim.projectId, needs)],
      result: { hostId },
      refused: (guard) => this.#statements.refused(guard, claim.projectId, needs),
    };
  }

  /** One that is gone counts no more, where it was shelved: before its layers are removed from the store. */
  forgetParked(serverId: string): Statement {
    const { quotas, servers, shelved_layers: layers } = this.#parts.database.tables;
    const counted = quotaColumn("servers", "used");
    return statement(
      `UPDATE ${quotas} SET ${counted} = ${counted} - 1 WHERE project_id = (SELECT project_id FROM ${servers} WHERE id = ? AND host_id IS NULL) AND EXISTS (SELECT 1 FROM ${layers} WHERE server_id = ?)`,
      [serverId, serverId],
    );
  }

  #quotaDeltas(from: Claim, to: Claim): readonly Statement[] {
    const deltas = quotaDifferences(from, to);
    return Object.keys(deltas).length === 0 ? [] : [this.#parts.quotas.change(to.projectId, deltas)];
  }

  #refused(guard: string, from: Claim, to: Claim) {
    const growth = Object.fromEntries(Object.entries(quotaDifferences(from, to)).filter(([, delta]) => delta > 0));
    return this.#statements.refused(guard, to.projectId, growth);
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

/** By quota, what one size takes more than the other. */
const quotaDifferences = (from: Claim, to: Claim) => differences(quotaNeeds(from), quotaNeeds(to));

/** By name, what one has more than the other; what does not differ is left out. */
function differences<Name extends string>(from: Amounts<Name>, to: Amounts<Name>): Record<Name, number> {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])] as Name[];
  const deltas = names.map((name) => [name, (to[name] ?? 0) - (from[name] ?? 0)] as const);
  return Object.fromEntries(deltas.filter(([, delta]) => delta !== 0)) as Record<Name, number>;
}

type Amounts<Name extends string> = Readonly<Partial<Record<Name, number>>>;
