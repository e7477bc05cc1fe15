import type { Database } from "../database/database.ts";
import { guarded, insertInto, script, statement } from "../database/script.ts";
import type { Binding, Script, Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import { macAddress } from "../ids.ts";
import { addressText } from "../networks/ipv4.ts";
import type { ServerAddress } from "../networks/model.ts";
import type { Page } from "../names.ts";
import type { ServerActionName } from "./actions.ts";
import { gateCondition } from "./gate-condition.ts";
import type { Asker } from "./gate-condition.ts";
import { comparedStates } from "./drift.ts";
import type { GuestStatus, Server, ServerState } from "./model.ts";
import type { ServerGroupPolicy } from "../server-groups/model.ts";
import type { PendingResize } from "./operations/resize-plan.ts";

/** A server's row, with its host's name and zone. */
export interface ServerRow {
  readonly id: string;
  readonly project_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly state: ServerState;
  readonly flavor: string;
  readonly vcpus: number;
  readonly milli_ecu_per_vcpu: number;
  readonly memory_mib: number;
  readonly system_disk_gib: number;
  readonly ephemeral_disk_gib: number;
  readonly resources: string;
  readonly image_id: string;
  readonly requested_zone: string | null;
  readonly host_id: string | null;
  readonly keypair: string | null;
  readonly group_id: string | null;
  readonly group_name: string | null;
  readonly group_policy: ServerGroupPolicy | null;
  readonly internal_rate_kbit: number;
  readonly internal_ceil_kbit: number;
  readonly external_rate_kbit: number;
  readonly external_ceil_kbit: number;
  readonly guest: GuestStatus["state"];
  readonly guest_since_ms: number;
  readonly busy: number | boolean;
  /** Whose lock keeps others off. */
  readonly locked_by: "project" | "operator" | null;
  /** What a rescued or resized one goes back to. */
  readonly state_before: ServerState | null;
  /** What a rescued one boots from. */
  readonly rescue_image_id: string | null;
  /** What a deleted one goes back to while it can be restored. */
  readonly deleted_from: ServerState | null;
  /** When a deleted one can be restored no more. */
  readonly purge_at_ms: number | null;
  readonly operation_id: string;
  readonly fault: string | null;
  /** A resize that is neither confirmed nor reverted, as JSON. */
  readonly resize: string | null;
  readonly created_at_ms: number;
  readonly host_name: string | null;
  readonly host_zone: string | null;
}

/** A server that no operation has, with what tells whether one has had it since. */
export interface ComparedServer {
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly state: ServerState;
  readonly host_id: string;
  readonly operation_id: string;
}

/** Which servers to find. */
export interface FindServers {
  /** `undefined`: of every project. */
  readonly projectId?: string | undefined;
  readonly state?: ServerState | undefined;
  /** Not those in this state. */
  readonly but?: ServerState | undefined;
  readonly zone?: string | undefined;
  readonly name?: string | undefined;
}

/** Servers' rows. A deleted one stays as history and is found no more. */
export class ServerStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new row. */
  insert(row: Readonly<Record<string, Binding>>): Statement {
    return insertInto(this.#database.tables.servers, row);
  }

  /**
   * Gives the server to an operation where the action is allowed, and its state and host are still those that the
   * operation was planned for: guard `state`.
   * @param meanwhile the state that it is in until the operation ends, where that is another
   */
  begin(
    row: Pick<ServerRow, "id" | "state" | "host_id">,
    operationId: string,
    action: ServerActionName,
    asker: Asker,
    meanwhile: ServerState = row.state,
  ): Statement {
    const { servers } = this.#database.tables;
    const { sql, bindings } = gateCondition(action, asker);
    return guarded(
      "state",
      `UPDATE ${servers} SET busy = TRUE, operation_id = ?, state = ? WHERE id = ? AND state = ? AND COALESCE(host_id, '') = ? AND ${sql}`,
      [operationId, meanwhile, row.id, row.state, row.host_id ?? "", ...bindings],
    );
  }

  /** Changes columns of a server where the action is allowed, without taking it: guard `state`. */
  change(
    serverId: string,
    action: ServerActionName,
    asker: Asker,
    columns: Readonly<Record<string, Binding>>,
  ): Statement {
    const { sql, bindings } = gateCondition(action, asker);
    const sets = Object.keys(columns).map((column) => `${column} = ?`);
    return guarded("state", `UPDATE ${this.#database.tables.servers} SET ${sets.join(", ")} WHERE id = ? AND ${sql}`, [
      ...Object.values(columns),
      serverId,
      ...bindings,
    ]);
  }

  /**
   * Takes the server back from its operation, in a state in which it is there: to be deleted no more.
   * @param also what else of its row changes with it
   */
  setState(serverId: string, state: ServerState, also: Readonly<Record<string, Binding>> = {}): Script {
    const { servers } = this.#database.tables;
    const columns = { state, fault: null, deleted_from: null, purge_at_ms: null, ...also };
    const sets = Object.keys(columns).map((column) => `, ${column} = ?`);
    const sql = `UPDATE ${servers} SET busy = FALSE${sets.join("")} WHERE id = ?`;
    return script(statement(sql, [...Object.values(columns), serverId]));
  }

  /** Takes it back as a deleted one that can be restored until then. */
  softDeleted(serverId: string, from: ServerState, purgeAtMs: number): Script {
    return this.setState(serverId, "softDeleted", { deleted_from: from, purge_at_ms: purgeAtMs });
  }

  /**
   * Its guest is otherwise than it: guard `state` when an operation has it, or has had it since it was compared.
   * @param operationId gives it to the operation that answers
   */
  drifted(server: ComparedServer, state: ServerState, fault: CloudHostError | null, operationId?: string): Statement {
    const takes = operationId === undefined ? "" : ", busy = TRUE, operation_id = ?";
    return guarded(
      "state",
      `UPDATE ${this.#database.tables.servers} SET state = ?, fault = ?${takes} WHERE id = ? AND NOT busy AND state = ? AND host_id = ? AND operation_id = ?`,
      [
        state,
        fault === null ? null : JSON.stringify(fault.toJSON()),
        ...(operationId === undefined ? [] : [operationId]),
        server.id,
        server.state,
        server.host_id,
        server.operation_id,
      ],
    );
  }

  /** A server that may be compared with its guest now. */
  async compared(serverId: string): Promise<ComparedServer | undefined> {
    return this.#database.first<ComparedServer>(this.#compared().where({ id: serverId }));
  }

  /** Those of a host. */
  async comparedOn(hostId: string): Promise<readonly ComparedServer[]> {
    return this.#database.all<ComparedServer>(this.#compared().where({ host_id: hostId }).orderBy("id"));
  }

  /** Ids of all that are on a host. */
  async placedOn(hostId: string): Promise<readonly string[]> {
    const { read, tables } = this.#database;
    const query = read(tables.servers).where({ host_id: hostId }).whereNull("deleted_at_ms").select("id");
    return (await this.#database.all<{ id: string }>(query)).map(({ id }) => id);
  }

  /** Whether a server of that id is on the host, or an operation under way may have put it there. */
  async mayBeOn(serverId: string, hostId: string): Promise<boolean> {
    const row = await this.get(serverId);
    return row !== undefined && (row.host_id === hostId || Boolean(row.busy) || row.state === "resized");
  }

  /** Takes it back as it was. */
  release(serverId: string): Script {
    return script(statement(`UPDATE ${this.#database.tables.servers} SET busy = FALSE WHERE id = ?`, [serverId]));
  }

  /** Its disks are about to be made anew: what it was before is gone. */
  rebuilding(serverId: string): Script {
    return script(statement(`UPDATE ${this.#database.tables.servers} SET state = 'building' WHERE id = ?`, [serverId]));
  }

  /** Takes it back as it was, or where its disks were about to be made anew, in state `error` with what went wrong. */
  rebuildFailed(serverId: string, error: CloudHostError): Script {
    const { servers } = this.#database.tables;
    const fault = JSON.stringify(error.toJSON());
    return script(
      statement(`UPDATE ${servers} SET state = 'error', fault = ? WHERE id = ? AND state = 'building'`, [
        fault,
        serverId,
      ]),
      ...this.release(serverId).statements,
    );
  }

  /** Takes it back in state `error`, with what went wrong. */
  fail(serverId: string, error: CloudHostError): Script {
    const { servers } = this.#database.tables;
    const fault = JSON.stringify(error.toJSON());
    return script(
      statement(`UPDATE ${servers} SET state = 'error', busy = FALSE, fault = ? WHERE id = ?`, [fault, serverId]),
    );
  }

  /** Other values of columns that no action guards: its operation has it. */
  setColumns(serverId: string, columns: Readonly<Record<string, Binding>>): Statement {
    const sets = Object.keys(columns).map((column) => `${column} = ?`);
    return statement(`UPDATE ${this.#database.tables.servers} SET ${sets.join(", ")} WHERE id = ?`, [
      ...Object.values(columns),
      serverId,
    ]);
  }

  /** Takes it back in another size, which waits to be confirmed or reverted. */
  resized(serverId: string, pending: PendingResize): Script {
    return this.setState(serverId, "resized", { resize: JSON.stringify(pending) });
  }

  /** Takes it back from a resize that is confirmed or reverted. */
  settled(serverId: string, state: ServerState): Script {
    return this.setState(serverId, state, { resize: null });
  }

  /** Where it is. */
  place(serverId: string, hostId: string | null): Statement {
    return statement(`UPDATE ${this.#database.tables.servers} SET host_id = ? WHERE id = ?`, [hostId, serverId]);
  }

  /** It is gone: found no more. */
  deleted(serverId: string, atMs: number): Script {
    const { servers } = this.#database.tables;
    return script(
      statement(`UPDATE ${servers} SET state = 'deleted', busy = FALSE, deleted_at_ms = ? WHERE id = ?`, [
        atMs,
        serverId,
      ]),
    );
  }

  /**
   * What its host says of its OS; since when is kept while it says the same. Reports come late and out of order: what is
   * older than what is known changes nothing.
   */
  guest(serverId: string, state: GuestStatus["state"], sinceMs: number): Script<{ changed: boolean }> {
    const { servers } = this.#database.tables;
    return {
      statements: [
        statement(
          `UPDATE ${servers} SET guest = ?, guest_since_ms = ? WHERE id = ? AND guest <> ? AND guest_since_ms <= ? RETURNING id`,
          [state, sinceMs, serverId, state, sinceMs],
        ),
      ],
      result: (rows) => ({ changed: (rows[0]?.length ?? 0) > 0 }),
    };
  }

  /** Deleted servers that can be restored no more, the oldest first. One whose purge failed is among them. */
  async expired(nowMs: number, most: number): Promise<readonly ServerRow[]> {
    const query = this.#rows()
      .whereIn("s.state", ["softDeleted", "error"])
      .where("s.purge_at_ms", "<=", nowMs)
      .whereRaw("NOT s.busy")
      .orderBy("s.purge_at_ms")
      .limit(most);
    return this.#database.all<ServerRow>(query);
  }

  async find(where: FindServers, page: Page): Promise<readonly ServerRow[]> {
    const query = this.#rows().orderBy("s.id").limit(page.limit);
    if (page.after !== undefined) void query.where("s.id", ">", page.after);
    if (where.projectId !== undefined) void query.where("s.project_id", where.projectId);
    if (where.state !== undefined) void query.where("s.state", where.state);
    if (where.but !== undefined) void query.whereNot("s.state", where.but);
    if (where.zone !== undefined) void query.where("h.zone", where.zone);
    if (where.name !== undefined) void query.where("s.name", where.name);
    return this.#database.all<ServerRow>(query);
  }

  async get(serverId: string): Promise<ServerRow | undefined> {
    return this.#database.first<ServerRow>(this.#rows().where("s.id", serverId));
  }

  /** The fixed addresses of several servers, by server. */
  async addresses(serverIds: readonly string[]): Promise<ReadonlyMap<string, readonly ServerAddress[]>> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ server_id: string; id: string; name: string; address: number }>(
      read({ b: tables.bindings })
        .join({ n: tables.networks }, "n.id", "b.network_id")
        .whereIn("b.server_id", [...serverIds])
        .orderBy("b.id")
        .select("b.server_id", "b.id", "n.name", "b.address"),
    );
    const found = new Map<string, ServerAddress[]>();
    for (const row of rows) {
      const address = { nicId: row.id, network: row.name, address: addressText(row.address), mac: macAddress(row.id) };
      found.set(row.server_id, [...(found.get(row.server_id) ?? []), address]);
    }
    return found;
  }

  #compared() {
    const { read, tables } = this.#database;
    return read(tables.servers)
      .where({ busy: false })
      .whereNotNull("host_id")
      .whereIn("state", [...comparedStates])
      .select("id", "project_id", "name", "state", "host_id", "operation_id");
  }

  #rows() {
    const { read, tables } = this.#database;
    return read({ s: tables.servers })
      .leftJoin({ h: tables.hosts }, "h.id", "s.host_id")
      .leftJoin({ g: tables.server_groups }, "g.id", "s.group_id")
      .whereNull("s.deleted_at_ms")
      .select("s.*", "h.name as host_name", "h.zone as host_zone", "g.name as group_name", "g.policy as group_policy");
  }
}

/** A row as its users see it. The host's name is the operators' to see. */
export function serverOf(row: ServerRow, addresses: readonly ServerAddress[], showHost: boolean): Server {
  return {
    id: row.id,
    projectId: row.project_id,
    userId: row.user_id,
    name: row.name,
    state: row.state,
    guest: { state: row.guest, sinceMs: row.guest_since_ms },
    flavor: row.flavor,
    vcpus: row.vcpus,
    milliEcuPerVcpu: row.milli_ecu_per_vcpu,
    memoryMib: row.memory_mib,
    systemDiskGib: row.system_disk_gib,
    ephemeralDiskGib: row.ephemeral_disk_gib,
    resources: JSON.parse(row.resources) as Record<string, number>,
    imageId: row.image_id,
    zone: row.host_zone,
    host: showHost ? row.host_name : null,
    addresses: [...addresses],
    internal: { rateKbit: row.internal_rate_kbit, ceilKbit: row.internal_ceil_kbit },
    external:
      row.external_rate_kbit === 0 ? null : { rateKbit: row.external_rate_kbit, ceilKbit: row.external_ceil_kbit },
    keypair: row.keypair,
    group: row.group_name,
    busy: Boolean(row.busy),
    locked: row.locked_by !== null,
    operationId: row.operation_id,
    fault: row.fault === null ? null : (JSON.parse(row.fault) as NonNullable<Server["fault"]>),
    restorableUntilMs: row.state === "softDeleted" ? row.purge_at_ms : null,
    createdAtMs: row.created_at_ms,
  };
}
