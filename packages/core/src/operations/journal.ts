import type { Database } from "../database/database.ts";
import { guarded, insertInto, script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import { msFrom } from "../units.ts";
import type { OperationState } from "./model.ts";

/** An operation's row. */
export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  readonly project_id: string | null;
  readonly actor: string;
  readonly resource_id: string;
  readonly idempotency_key: string | null;
  readonly input_hash: string;
  readonly input: string;
  readonly context: string;
  readonly state: OperationState;
  readonly cursor: number;
  readonly attempt: number;
  readonly step: string;
  readonly percent: number;
  readonly error: string | null;
  readonly owner: string | null;
  readonly epoch: number;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
}

/** A new operation. */
export interface NewOperation {
  readonly id: string;
  readonly kind: string;
  readonly projectId: string | null;
  readonly actor: string;
  readonly resourceId: string;
  readonly hostId: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly inputHash: string;
  readonly input: object;
  readonly firstStep: string;
  readonly nowMs: number;
}

/** What a journal entry changes. */
export interface JournalEntry {
  readonly state: OperationState;
  readonly cursor: number;
  /** Of the step at the cursor. */
  readonly attempt: number;
  readonly context: object;
  readonly step: string;
  readonly percent: number;
  readonly error: CloudHostError | undefined;
  /** The host that its steps reach, once that is known: only who can reach it goes on. */
  readonly hostId: string | undefined;
}

/** Whose run it is: a write of anybody else changes no row. */
export interface Fence {
  readonly operationId: string;
  readonly owner: string;
  readonly epoch: number;
}

/** How long an idempotency key is known. */
const keyKeptMs = msFrom({ days: 7 });

/** The guard of every journal entry: it fails when another process has the operation by now. */
export const fenceGuard = "fence";

/**
 * The durable record of operations: where each is, who runs it, until when it is theirs. Leases go by time, not by who
 * somebody is; every write is fenced by owner and epoch.
 */
export class OperationJournal {
  readonly #database: Database;
  readonly #leaseMs: number;

  constructor(database: Database, leaseMs: number) {
    this.#database = database;
    this.#leaseMs = leaseMs;
  }

  /** The operation that came with this idempotency key, while keys are kept. */
  keyed(projectId: string | null, kind: string, key: string, nowMs: number) {
    const { read, tables } = this.#database;
    return read(tables.operations)
      .whereRaw("COALESCE(project_id, '') = ?", [projectId ?? ""])
      .where({ kind, idempotency_key: key })
      .where("created_at_ms", ">", nowMs - keyKeptMs);
  }

  /** Puts an operation in, leased to `owner`, or to nobody. The last statement's row has its epoch. */
  insert(operation: NewOperation, owner: string | undefined): readonly Statement[] {
    const { before, value } = this.#database.fence;
    const { operations } = this.#database.tables;
    return [
      ...before.map(({ sql }) => statement(sql)),
      ...this.#forgetOldKey(operation),
      insertInto(operations, {
        id: operation.id,
        kind: operation.kind,
        project_id: operation.projectId,
        actor: operation.actor,
        resource_id: operation.resourceId,
        host_id: operation.hostId ?? null,
        idempotency_key: operation.idempotencyKey ?? null,
        input_hash: operation.inputHash,
        input: JSON.stringify(operation.input),
        context: "{}",
        state: "running",
        cursor: 0,
        attempt: 0,
        step: operation.firstStep,
        percent: 0,
        error: null,
        owner: null,
        epoch: 0,
        lease_until_ms: 0,
        not_before_ms: 0,
        created_at_ms: operation.nowMs,
        updated_at_ms: operation.nowMs,
      }),
      ...(owner === undefined
        ? []
        : [
            statement(
              `UPDATE ${operations} SET owner = ?, epoch = ${value}, lease_until_ms = ${this.#until()} WHERE id = ? RETURNING *`,
              [owner, operation.id],
            ),
          ]),
    ];
  }

  /** One fenced entry; its lease goes on. */
  entry({ operationId, owner, epoch }: Fence, entry: JournalEntry, nowMs: number): Statement {
    const ended = entry.state === "succeeded" || entry.state === "failed" || entry.state === "stuck";
    return guarded(
      fenceGuard,
      `UPDATE ${this.#database.tables.operations} SET state = ?, cursor = ?, attempt = ?, context = ?, step = ?, percent = ?, error = ?, host_id = ?, updated_at_ms = ?, lease_until_ms = ${ended ? "0" : this.#until()} WHERE id = ? AND owner = ? AND epoch = ?`,
      [
        entry.state,
        entry.cursor,
        entry.attempt,
        JSON.stringify(entry.context),
        entry.step,
        entry.percent,
        entry.error === undefined ? null : JSON.stringify(entry.error.toJSON()),
        entry.hostId ?? null,
        nowMs,
        operationId,
        owner,
        epoch,
      ],
    );
  }

  /** What was done when, for people who look back. */
  event(operationId: string, step: string, what: string, nowMs: number): Statement {
    return insertInto(this.#database.tables.operation_events, { operation_id: operationId, step, what, at_ms: nowMs });
  }

  /** Takes an operation that nobody has, or whose lease is over: guard `fence` when somebody else was first. */
  acquire(operationId: string, owner: string): Script<OperationRow> {
    const { before, value } = this.#database.fence;
    return {
      statements: [
        ...before.map(({ sql }) => statement(sql)),
        guarded(
          fenceGuard,
          `UPDATE ${this.#database.tables.operations} SET owner = ?, epoch = ${value}, lease_until_ms = ${this.#until()} WHERE id = ? AND state IN ('running', 'undoing') AND lease_until_ms < ${this.#database.leaseNow()} RETURNING *`,
          [owner, operationId],
        ),
      ],
      result: (rows) => rows.at(-1)?.[0] as unknown as OperationRow,
    };
  }

  /** These stay this owner's for another lease. */
  renew(owner: string, operationIds: readonly string[]): Script {
    if (operationIds.length === 0) return script();
    return script(
      statement(
        `UPDATE ${this.#database.tables.operations} SET lease_until_ms = ${this.#until()} WHERE owner = ? AND lease_until_ms > 0 AND id IN (${operationIds.map(() => "?").join(", ")})`,
        [owner, ...operationIds],
      ),
    );
  }

  /** Lets another process have all of this owner's at once, or one of them. */
  letGo(owner: string, operationId?: string): Script {
    const one = operationId === undefined ? "" : " AND id = ?";
    return script(
      statement(
        `UPDATE ${this.#database.tables.operations} SET lease_until_ms = 0 WHERE owner = ? AND state IN ('running', 'undoing')${one}`,
        [owner, ...(operationId === undefined ? [] : [operationId])],
      ),
    );
  }

  /** Operations that nobody runs and who reaches these hosts should, oldest first. */
  async orphans(hostIds: readonly string[], most: number): Promise<readonly string[]> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ id: string }>(
      read(tables.operations)
        .whereIn("state", ["running", "undoing"])
        .whereRaw(`lease_until_ms < ${this.#database.leaseNow()}`)
        .where((either) => void either.whereNull("host_id").orWhereIn("host_id", [...hostIds]))
        .orderBy("id")
        .limit(most)
        .select("id"),
    );
    return rows.map(({ id }) => id);
  }

  /** A key is free again when the operation that had it is old. */
  #forgetOldKey({ projectId, kind, idempotencyKey, nowMs }: NewOperation): readonly Statement[] {
    if (idempotencyKey === undefined) return [];
    const sql = `UPDATE ${this.#database.tables.operations} SET idempotency_key = NULL WHERE COALESCE(project_id, '') = ? AND kind = ? AND idempotency_key = ? AND created_at_ms <= ?`;
    return [statement(sql, [projectId ?? "", kind, idempotencyKey, nowMs - keyKeptMs])];
  }

  #until(): string {
    return `${this.#database.leaseNow()} + ${this.#leaseMs}`;
  }
}
