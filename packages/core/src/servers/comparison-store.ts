import type { Database } from "../database/database.ts";
import { guarded } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import { comparedStates } from "./drift.ts";
import type { DriftingServer } from "./drift.ts";
import type { ServerState } from "./model.ts";

/** A server that no operation has, with what tells whether one has had it since. */
export interface ComparedServer extends DriftingServer {
  readonly project_id: string;
  readonly host_id: string;
  readonly operation_id: string;
}

/** Servers to be compared with their guests: those that no operation has, on a host, in a state that says how the guest is. */
export class ComparisonStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The server, where it may be compared now. */
  async compared(serverId: string): Promise<ComparedServer | undefined> {
    return this.#database.first<ComparedServer>(this.#compared().where({ id: serverId }));
  }

  /** All that may be, of a host. */
  async comparedOn(hostId: string): Promise<readonly ComparedServer[]> {
    return this.#database.all<ComparedServer>(this.#compared().where({ host_id: hostId }).orderBy("id"));
  }

  /** Ids of all that are on a host. */
  async placedOn(hostId: string): Promise<readonly string[]> {
    const { read, tables } = this.#database;
    const query = read(tables.servers).where({ host_id: hostId }).whereNull("deleted_at_ms").select("id");
    return (await this.#database.all<{ id: string }>(query)).map(({ id }) => id);
  }

  /**
   * Whether a server of that id is on the host, or an operation under way may have put it there, or it was evacuated from
   * there: then the host's return removes what is left of it.
   */
  async mayBeOn(serverId: string, hostId: string): Promise<boolean> {
    const { read, tables } = this.#database;
    const query = read(tables.servers).where({ id: serverId }).whereNull("deleted_at_ms");
    void query.whereRaw("(host_id = ? OR busy OR state = 'resized')", [hostId]);
    const left = read(tables.evacuations).where({ server_id: serverId, host_id: hostId });
    const row = await this.#database.first<{ id: string }>(query.select("id").unionAll(left.select("server_id as id")));
    return row !== undefined;
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

  #compared() {
    const { read, tables } = this.#database;
    return read(tables.servers)
      .where({ busy: false })
      .whereNotNull("host_id")
      .whereIn("state", [...comparedStates])
      .select("id", "project_id", "name", "state", "resize", "fault", "host_id", "operation_id");
  }
}
