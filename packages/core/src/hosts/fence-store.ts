import type { Database } from "../database/database.ts";
import { lockRow } from "../database/row-locks.ts";
import { guarded, script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { FenceState } from "./model.ts";

/** The lease of a host that is cut off never ends by itself: so no agent can be opened for it. */
const forEverMs = Number.MAX_SAFE_INTEGER;

/** Bound, never written into a statement: there it would be taken for the keyword. */
const back = "returning" satisfies FenceState;

/** Which hosts are cut off, and what was evacuated from them. */
export class FenceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Gives a host to the operation that cuts it off: it takes no server from now on, and nobody drives it. Its lease is the
   * operation's, under a new epoch, so that who drove it cannot go on. Guard `fence`.
   * @param evenIfUp also while its heartbeats arrive
   */
  begin(hostId: string, operationId: string, evenIfUp: boolean): readonly Statement[] {
    const { fence, tables } = this.#database;
    const { host_leases: leases, hosts } = tables;
    return [
      guarded(
        "fence",
        `UPDATE ${hosts} SET fence = 'fencing', fence_operation_id = ?, enabled = FALSE WHERE id = ? AND (fence IS NULL OR fence = ?) AND fence_operation_id IS NULL${evenIfUp ? "" : " AND state <> 'up'"}`,
        [operationId, hostId, back],
      ),
      ...fence.before.map(({ sql }) => statement(sql)),
      statement(
        `INSERT INTO ${leases} (host_id, owner, epoch, lease_until_ms) VALUES (?, ?, ${fence.value}, ?) ON CONFLICT (host_id) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch, lease_until_ms = excluded.lease_until_ms`,
        [hostId, operationId, forEverMs],
      ),
    ];
  }

  /** It is off: whether the OS of its servers has booted is not known any more. */
  fenced(hostId: string, by: string, nowMs: number): Script {
    const { hosts, servers } = this.#database.tables;
    return script(
      statement(
        `UPDATE ${hosts} SET fence = 'fenced', fenced_at_ms = ?, fenced_by = ?, fence_operation_id = NULL, state = 'down', state_reason = ? WHERE id = ?`,
        [nowMs, by, `fenced: ${by}`, hostId],
      ),
      statement(`UPDATE ${servers} SET guest = 'unknown', guest_since_ms = ? WHERE host_id = ?`, [nowMs, hostId]),
    );
  }

  /** It could not be cut off: it may be driven again, and stays disabled. */
  notFenced(hostId: string, before: FenceState | null): Script {
    const { hosts } = this.#database.tables;
    return script(
      statement(`UPDATE ${hosts} SET fence = ?, fence_operation_id = NULL WHERE id = ?`, [before, hostId]),
      this.#openToAgents(hostId),
    );
  }

  /** Holds a host in its state while something is begun that needs it cut off: guard `fenced` unless it is. */
  hold(hostId: string): Statement {
    return guarded(
      "fenced",
      `UPDATE ${this.#database.tables.hosts} SET fence = 'fenced' WHERE id = ? AND fence = 'fenced' AND fence_operation_id IS NULL`,
      [hostId],
    );
  }

  /** Guard `reachable` where a host is cut off: whoever waits for it waits until somebody lets it back. */
  requireReachable(hostId: string): Statement {
    const { hosts } = this.#database.tables;
    return guarded("reachable", `SELECT id FROM ${hosts} WHERE id = ? AND COALESCE(fence, '') <> 'fenced'`, [hostId]);
  }

  /** Gives a host to the operation that lets it back: guard `fence`, also while a server is being evacuated from it. */
  beginReturn(hostId: string, operationId: string): readonly Statement[] {
    const { hosts, operations, servers } = this.#database.tables;
    const evacuating = `SELECT 1 FROM ${operations} o JOIN ${servers} s ON s.id = o.resource_id WHERE o.kind = 'server.evacuate' AND o.state IN ('running', 'undoing', 'stuck') AND s.host_id = ${hosts}.id`;
    return [
      // First, so that what follows sees every evacuation that was begun before.
      ...lockRow(this.#database, hosts, hostId),
      guarded(
        "fence",
        `UPDATE ${hosts} SET fence_operation_id = ? WHERE id = ? AND fence IN ('fenced', ?) AND fence_operation_id IS NULL AND NOT EXISTS (${evacuating})`,
        [operationId, hostId, back],
      ),
    ];
  }

  /** Its agent may be opened, so that what was evacuated can be removed there. */
  returning(hostId: string): Script {
    const { hosts } = this.#database.tables;
    return script(statement(`UPDATE ${hosts} SET fence = ? WHERE id = ?`, [back, hostId]), this.#openToAgents(hostId));
  }

  /** Nothing of what was evacuated is left on it. It stays disabled. */
  returned(hostId: string): Script {
    const { evacuations, hosts } = this.#database.tables;
    return script(
      statement(`DELETE FROM ${evacuations} WHERE host_id = ?`, [hostId]),
      statement(
        `UPDATE ${hosts} SET fence = NULL, fenced_at_ms = NULL, fenced_by = NULL, fence_operation_id = NULL WHERE id = ?`,
        [hostId],
      ),
    );
  }

  /** It did not return well. Whether it runs is not known: it is to be fenced again, or let back again. */
  notReturned(hostId: string): Script {
    const { hosts } = this.#database.tables;
    const free = statement(`UPDATE ${hosts} SET fence_operation_id = NULL WHERE id = ?`, [hostId]);
    return script(...this.returning(hostId).statements, free);
  }

  /** A server was made anew elsewhere, or deleted: its guest on this host is to be removed when the host comes back. */
  evacuated(serverId: string, hostId: string): Statement {
    return statement(
      `INSERT INTO ${this.#database.tables.evacuations} (server_id, host_id) VALUES (?, ?) ON CONFLICT DO NOTHING`,
      [serverId, hostId],
    );
  }

  /** Ids of the servers that were evacuated from a host or deleted meanwhile, and may have left a guest there. */
  async leftOn(hostId: string): Promise<readonly string[]> {
    const rows = await this.#database.select<{ server_id: string }>(
      `SELECT server_id FROM ${this.#database.tables.evacuations} WHERE host_id = ? ORDER BY server_id`,
      [hostId],
    );
    return rows.map(({ server_id: id }) => id);
  }

  #openToAgents(hostId: string): Statement {
    return statement(`UPDATE ${this.#database.tables.host_leases} SET lease_until_ms = 0 WHERE host_id = ?`, [hostId]);
  }
}
