import type { Database } from "../database/database.ts";
import { guarded, insertInto, script, statement } from "../database/script.ts";
import type { Binding, Script, Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import { macAddress } from "../ids.ts";
import { addressText } from "../networks/ipv4.ts";
import type { ServerAddress } from "../networks/model.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { GuestState } from "../ports/guest.ts";
import type { ServerActionName } from "./actions.ts";
import type { DriftingServer } from "./drift.ts";
import { findServers, selectServers } from "./find-servers.ts";
import type { FindServers, ServerSort } from "./find-servers.ts";
import { gateCondition } from "./gate-condition.ts";
import type { Asker } from "./gate-condition.ts";
import type { ServerState } from "./model.ts";
import type { ServerRow } from "./server-row.ts";
import type { PendingResize } from "./operations/resize-plan.ts";
import { ServerTagStore } from "./server-tag-store.ts";

/** Of a server's row, what tells whether its guest is as it should be. */
export type SettledServer = DriftingServer & Pick<ServerRow, "busy">;

/** What follows `SET`: it may go by what the row has then, and so overwrites nothing that was not read. */
export interface Assignment {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

/** Servers' rows. A deleted one stays as history and is found no more. */
export class ServerStore {
  readonly tags: ServerTagStore;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    this.tags = new ServerTagStore(database);
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

  /** Changes a server where the action is allowed, without taking it: guard `state`. */
  change(serverId: string, action: ServerActionName, asker: Asker, set: Assignment): Statement {
    const { sql, bindings } = gateCondition(action, asker);
    return guarded("state", `UPDATE ${this.#database.tables.servers} SET ${set.sql} WHERE id = ? AND ${sql}`, [
      ...set.bindings,
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
    return this.#failOrRelease(serverId, error, "state = 'building'");
  }

  /** Takes it back as it was, or where its layer is stored and its guest perhaps gone, in state `error`. */
  shelveFailed(serverId: string, layerImageId: string, error: CloudHostError): Script {
    const stored = `EXISTS (SELECT 1 FROM ${this.#database.tables.shelved_layers} WHERE image_id = ?)`;
    return this.#failOrRelease(serverId, error, stored, [layerImageId]);
  }

  /** Takes it back as it was, or where its place was not given back again, in state `error`. */
  unshelveFailed(serverId: string, error: CloudHostError): Script {
    return this.#failOrRelease(serverId, error, "host_id IS NOT NULL");
  }

  #failOrRelease(serverId: string, error: CloudHostError, fails: string, bindings: readonly Binding[] = []): Script {
    const { servers } = this.#database.tables;
    const fault = JSON.stringify(error.toJSON());
    return script(
      statement(`UPDATE ${servers} SET state = 'error', fault = ? WHERE id = ? AND ${fails}`, [
        fault,
        serverId,
        ...bindings,
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

  /** Takes it back from a resize that is reverted. */
  reverted(serverId: string, state: ServerState): Script {
    return this.setState(serverId, state, { resize: null });
  }

  /** Takes it back from a resize that is confirmed; one whose guest has stopped unasked meanwhile is stopped. */
  confirmed(serverId: string, state: ServerState): Script {
    const { servers } = this.#database.tables;
    const now = "CASE WHEN fault IS NULL THEN ? ELSE 'stopped' END";
    const sql = `UPDATE ${servers} SET busy = FALSE, resize = NULL, state = ${now} WHERE id = ?`;
    return script(statement(sql, [state, serverId]));
  }

  /** Where it is. */
  place(serverId: string, hostId: string | null): Statement {
    const { hosts, servers } = this.#database.tables;
    const sql = `UPDATE ${servers} SET host_id = ?, zone = (SELECT zone FROM ${hosts} WHERE id = ?) WHERE id = ?`;
    return statement(sql, [hostId, hostId, serverId]);
  }

  /** It is gone: found no more. */
  deleted(serverId: string, atMs: number): Script {
    const { servers } = this.#database.tables;
    return script(
      statement(`UPDATE ${servers} SET state = 'deleted', busy = FALSE, deleted_at_ms = ? WHERE id = ?`, [
        atMs,
        serverId,
      ]),
      this.tags.remove(serverId),
    );
  }

  /**
   * What its host says of its OS, and the event that tells of it; since when is kept while it says the same: guard
   * `news`. Reports come late and out of order: what is older than what is known is no news.
   */
  guest({ id, power, ready }: GuestState, sinceMs: number): Script<SettledServer> {
    const { outbox, servers } = this.#database.tables;
    const [kind, data] = [`server.guest.${ready}`, JSON.stringify({ power })];
    return {
      statements: [
        guarded(
          "news",
          `UPDATE ${servers} SET guest = ?, guest_since_ms = ? WHERE id = ? AND guest <> ? AND guest_since_ms <= ? AND deleted_at_ms IS NULL RETURNING id, name, state, resize, fault, busy`,
          [ready, sinceMs, id, ready, sinceMs],
        ),
        statement(
          `INSERT INTO ${outbox} (kind, project_id, resource_id, actor, data, at_ms) SELECT CAST(? AS VARCHAR(40)), project_id, id, 'system: host', CAST(? AS TEXT), CAST(? AS BIGINT) FROM ${servers} WHERE id = ?`,
          [kind, data, sinceMs, id],
        ),
      ],
      result: ([rows]) => rows?.[0] as unknown as SettledServer,
    };
  }

  /** Deleted servers that can be restored no more, the oldest first. One whose purge failed is among them. */
  async expired(nowMs: number, most: number): Promise<readonly ServerRow[]> {
    const due = "s.state IN ('softDeleted', 'error') AND s.purge_at_ms <= ? AND NOT s.busy";
    const sql = `${this.#select()} AND ${due} ORDER BY s.purge_at_ms LIMIT ${most}`;
    return this.#database.select<ServerRow>(sql, [nowMs]);
  }

  async find(where: FindServers, part: SliceRequest<ServerSort>): Promise<Slice<ServerRow>> {
    return findServers(this.#database, where, part);
  }

  async get(serverId: string): Promise<ServerRow | undefined> {
    const [row] = await this.#database.select<ServerRow>(`${this.#select()} AND s.id = ?`, [serverId]);
    return row;
  }

  /** The fixed addresses of several servers, by server. */
  async addresses(serverIds: readonly string[]): Promise<ReadonlyMap<string, readonly ServerAddress[]>> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ server_id: string; id: string; name: string; address: number }>(
      read({ b: tables.bindings })
        .join({ n: tables.networks }, "n.id", "b.network_id")
        .whereIn("b.server_id", [...serverIds])
        .orderBy(["b.position", "b.id"])
        .select("b.server_id", "b.id", "n.name", "b.address"),
    );
    const found = new Map<string, ServerAddress[]>();
    for (const row of rows) {
      const address = { nicId: row.id, network: row.name, address: addressText(row.address), mac: macAddress(row.id) };
      found.set(row.server_id, [...(found.get(row.server_id) ?? []), address]);
    }
    return found;
  }

  #select(): string {
    return `${selectServers(this.#database.tables)} WHERE s.deleted_at_ms IS NULL`;
  }
}
