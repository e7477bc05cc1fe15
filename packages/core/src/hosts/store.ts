import { builtInColumns } from "../database/columns.ts";
import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { lockInOrder, lockRow } from "../database/row-locks.ts";
import { guarded, script, statement } from "../database/script.ts";
import type { Row, Script, Statement } from "../database/script.ts";
import { isId } from "../ids.ts";
import type { Ids } from "../ids.ts";
import type { NameFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import { builtInResources, resourcesOf } from "../ports/host.ts";
import type { HostInventory, ResourceAmounts } from "../ports/host.ts";
import type { HostView } from "../ports/scheduler.ts";
import type { FenceState, Host, HostState } from "./model.ts";

/** Declared resources of a host, by name. */
export type DeclaredResources = ReadonlyMap<string, { readonly total: number; readonly used: number }>;

/** A host's row; the built-in resources' columns beside these. */
export interface HostRow extends Row {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly state: HostState;
  readonly state_reason: string | null;
  readonly enabled: number | boolean;
  readonly inventory: string | null;
  readonly network_revision: number;
  readonly network_applied_revision: number;
  readonly last_seen_at_ms: number | null;
  readonly fence: FenceState | null;
  readonly fenced_at_ms: number | null;
  readonly fenced_by: string | null;
  /** The operation that cuts it off, or lets it back. */
  readonly fence_operation_id: string | null;
}

/** Which hosts to find. */
export interface FindHosts extends NameFilter {
  readonly zone?: string | undefined;
  readonly state?: readonly HostState[] | undefined;
  readonly enabled?: boolean | undefined;
}

const sorts = {
  createdAt: { column: "created_at_ms", type: "integer" },
  name: { column: "name", type: "text" },
  zone: { column: "zone", type: "text" },
} as const;

/** Hosts' rows: what they have, what of it is claimed, how they are. */
export class HostStore {
  readonly #database: Database;
  readonly #ids: Ids;

  constructor(database: Database, ids: Ids) {
    this.#database = database;
    this.#ids = ids;
  }

  /** The host of that name, made if it is new; an existing one may change its zone only while it has no server. */
  async register(name: string, zone: string, nowMs: number): Promise<HostRow> {
    const { allocations, hosts, servers } = this.#database.tables;
    const insert = statement(
      `INSERT INTO ${hosts} (id, name, zone, state, enabled, created_at_ms) VALUES (?, ?, ?, 'down', TRUE, ?) ON CONFLICT (name) DO NOTHING`,
      [this.#ids.next("hst"), name, zone, nowMs],
    );
    await this.#database.run(
      script(
        insert,
        statement(
          `UPDATE ${hosts} SET zone = ? WHERE name = ? AND NOT EXISTS (SELECT 1 FROM ${allocations} a WHERE a.host_id = ${hosts}.id)`,
          [zone, name],
        ),
        // What holds nothing there may still be listed there: a server in error.
        statement(
          `UPDATE ${servers} SET zone = h.zone FROM ${hosts} h WHERE h.name = ? AND ${servers}.host_id = h.id AND ${servers}.zone <> h.zone`,
          [name],
        ),
      ),
    );
    return (await this.#database.first<HostRow>(this.#rows().where({ name }))) as HostRow;
  }

  /** How it is, and why when it is not up. */
  setState(hostId: string, state: HostState, reason: string | null, nowMs: number | undefined): Script {
    const { hosts } = this.#database.tables;
    const seen = nowMs === undefined ? "" : ", last_seen_at_ms = ?";
    return script(
      statement(`UPDATE ${hosts} SET state = ?, state_reason = ?${seen} WHERE id = ?`, [
        state,
        reason,
        ...(nowMs === undefined ? [] : [nowMs]),
        hostId,
      ]),
    );
  }

  /** Whether it takes new servers: guard `fence` when it shall, and is cut off. */
  setEnabled(hostId: string, enabled: boolean): Script {
    const { hosts } = this.#database.tables;
    return script(
      enabled
        ? guarded("fence", `UPDATE ${hosts} SET enabled = TRUE WHERE id = ? AND fence IS NULL`, [hostId])
        : statement(`UPDATE ${hosts} SET enabled = FALSE WHERE id = ?`, [hostId]),
    );
  }

  /** Those that are not down, although nobody drives them and nobody has heard of them since then. */
  async silentSince(atMs: number): Promise<readonly HostRow[]> {
    const { host_leases: leases, hosts } = this.#database.tables;
    return this.#database.all<HostRow>(
      this.#rows()
        .whereNot({ state: "down" })
        .where("last_seen_at_ms", "<", atMs)
        .whereRaw(
          `NOT EXISTS (SELECT 1 FROM ${leases} l WHERE l.host_id = ${hosts}.id AND l.lease_until_ms >= ${this.#database.leaseNow()})`,
        ),
    );
  }

  /** What it has, as its agent reports it. What is claimed stays; a total below it blocks further claims. */
  setInventory(hostId: string, inventory: HostInventory): Script {
    const { hosts, host_resources: declared } = this.#database.tables;
    const amounts = resourcesOf(inventory);
    const sets = builtInColumns.map((column) => `${column}_total = ?`);
    const totals = builtInResources.map((name) => amounts[name] ?? 0);
    return script(
      statement(`UPDATE ${hosts} SET inventory = ?, ${sets.join(", ")} WHERE id = ?`, [
        JSON.stringify(inventory),
        ...totals,
        hostId,
      ]),
      statement(`UPDATE ${declared} SET total = 0 WHERE host_id = ?`, [hostId]),
      ...Object.entries(inventory.resources).map(([name, total]): Statement =>
        statement(
          `INSERT INTO ${declared} (host_id, name, total, used) VALUES (?, ?, ?, 0) ON CONFLICT (host_id, name) DO UPDATE SET total = excluded.total`,
          [hostId, name, total],
        ),
      ),
    );
  }

  /** These were heard of just now. */
  seen(hostIds: readonly string[], nowMs: number): Script {
    if (hostIds.length === 0) return script();
    const { hosts } = this.#database.tables;
    const these = `id IN (${hostIds.map(() => "?").join(", ")})`;
    return script(
      ...lockInOrder(this.#database, hosts, these, hostIds),
      statement(`UPDATE ${hosts} SET last_seen_at_ms = ? WHERE ${these}`, [nowMs, ...hostIds]),
    );
  }

  /** Its network is at this revision. */
  networkApplied(hostId: string, revision: number): Script {
    return script(
      statement(
        `UPDATE ${this.#database.tables.hosts} SET network_applied_revision = ? WHERE id = ? AND network_applied_revision < ?`,
        [revision, hostId, revision],
      ),
    );
  }

  /**
   * Deletes a host that holds nothing and takes nothing: guard `host` when it has a server, or is up and enabled.
   * Servers that were there and are deleted keep their history, without the host.
   */
  delete(hostId: string): Script {
    const { tables } = this.#database;
    const { hosts, servers, server_groups: groups } = tables;
    const parts = [
      tables.host_resources,
      tables.host_leases,
      tables.aggregate_hosts,
      tables.unknown_guests,
      tables.evacuations,
    ];
    const holds = [tables.allocations, tables.bindings, tables.group_members, servers].map(
      (table) => `NOT EXISTS (SELECT 1 FROM ${table} t WHERE t.host_id = ${hosts}.id)`,
    );
    return script(
      // First, so that what follows sees every claim that came before.
      ...lockRow(this.#database, hosts, hostId),
      statement(`UPDATE ${servers} SET host_id = NULL WHERE host_id = ? AND deleted_at_ms IS NOT NULL`, [hostId]),
      statement(`UPDATE ${groups} SET host_id = NULL WHERE host_id = ? AND placed = 0`, [hostId]),
      ...parts.map((table) => statement(`DELETE FROM ${table} WHERE host_id = ?`, [hostId])),
      guarded(
        "host",
        `DELETE FROM ${hosts} WHERE id = ? AND (state = 'down' OR NOT enabled) AND ${holds.join(" AND ")}`,
        [hostId],
      ),
    );
  }

  async get(hostId: string): Promise<HostRow | undefined> {
    return this.#database.first<HostRow>(this.#rows().where({ id: hostId }));
  }

  /** What its drivers can do, as its agent reported it. */
  async capabilities(hostId: string): Promise<HostInventory["capabilities"]> {
    const row = await this.get(hostId);
    return row === undefined || row.inventory === null ? {} : (JSON.parse(row.inventory) as HostInventory).capabilities;
  }

  async find(where: FindHosts, part: SliceRequest<keyof typeof sorts>): Promise<Slice<HostRow>> {
    const select = `SELECT * FROM ${this.#database.tables.hosts}`;
    const query = new PageQuery<HostRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("name", where.name)
      .begins("name", where.namePrefix)
      .equal("zone", where.zone)
      .oneOf("state", where.state);
    if (where.enabled !== undefined) query.where(where.enabled ? "enabled" : "NOT enabled");
    return query.read(this.#database, part);
  }

  async named(idOrName: string): Promise<HostRow | undefined> {
    return this.#database.first<HostRow>(
      this.#rows().where(isId("hst", idOrName) ? { id: idOrName } : { name: idOrName }),
    );
  }

  /** All of them, for the scheduler's view. */
  async all(): Promise<readonly HostRow[]> {
    return this.#database.all<HostRow>(this.#rows().orderBy("id"));
  }

  /** Declared resources of some hosts, or of all. */
  async declared(hostIds?: readonly string[]): Promise<ReadonlyMap<string, DeclaredResources>> {
    const { read, tables } = this.#database;
    const query = read(tables.host_resources);
    if (hostIds !== undefined) void query.whereIn("host_id", [...hostIds]);
    const found = new Map<string, Map<string, { total: number; used: number }>>();
    for (const row of await this.#database.all<{ host_id: string; name: string; total: number; used: number }>(query)) {
      const mine = found.get(row.host_id) ?? new Map<string, { total: number; used: number }>();
      found.set(row.host_id, mine.set(row.name, { total: row.total, used: row.used }));
    }
    return found;
  }

  #rows() {
    return this.#database.read(this.#database.tables.hosts);
  }
}

const amountsOf = (row: HostRow, declared: DeclaredResources | undefined) => {
  const pairs: [string, { total: number; used: number }][] = builtInResources.map((name, index) => {
    const column = builtInColumns[index] ?? "";
    return [name, { total: Number(row[`${column}_total`]), used: Number(row[`${column}_used`]) }];
  });
  return new Map([...pairs, ...(declared ?? [])]);
};

/** Of hosts in no aggregate: one object for all of them. */
const noProperties: HostView["properties"] = {};

/** A row as the scheduler sees it; `undefined` until the host has reported what it has. */
export function hostViewOf(
  row: HostRow,
  declared: DeclaredResources | undefined,
  properties: HostView["properties"] = noProperties,
): HostView | undefined {
  if (row.inventory === null) return undefined;
  const inventory = JSON.parse(row.inventory) as HostInventory;
  const amounts = amountsOf(row, declared);
  const each = (amount: (of: { total: number; used: number }) => number): ResourceAmounts =>
    Object.fromEntries([...amounts].map(([name, of]) => [name, amount(of)])) as unknown as ResourceAmounts;
  return {
    id: row.id,
    name: row.name,
    zone: row.zone,
    state: row.state,
    enabled: Boolean(row.enabled),
    free: each(({ total, used }) => Math.max(0, total - used)),
    total: each(({ total }) => total),
    guestCores: inventory.guestCores,
    milliEcuPerCore: inventory.milliEcuPerCore,
    architecture: inventory.architecture,
    hypervisor: inventory.hypervisor,
    cpuModel: inventory.cpuModel,
    capabilities: inventory.capabilities,
    properties,
  };
}

/** A row as its users see it. */
export const hostOf = (row: HostRow, declared: DeclaredResources | undefined): Host => ({
  id: row.id,
  name: row.name,
  zone: row.zone,
  state: row.state,
  stateReason: row.state_reason,
  enabled: Boolean(row.enabled),
  inventory: row.inventory === null ? null : (JSON.parse(row.inventory) as HostInventory),
  resources: Object.fromEntries(
    [...amountsOf(row, declared)].map(([name, { total, used }]) => [name, { total, used, available: total - used }]),
  ),
  lastSeenAtMs: row.last_seen_at_ms,
  fencing:
    row.fence === null
      ? null
      : { state: row.fence, sinceMs: row.fenced_at_ms, by: row.fenced_by, operationId: row.fence_operation_id },
});
