import type { Database } from "../database/database.ts";
import { guarded, insertInto, script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { CloudHostError } from "../errors.ts";
import { msFrom } from "../units.ts";
import type { Direction } from "./definition.ts";
import type { OperationState } from "./model.ts";

/** An operation's row. */
export interface OperationRow {
  readonly id: string;
  readonly kind: string;
  readonly project_id: string | null;
  readonly actor: string;
  readonly resource_id: string;
  readonly host_id: string | null;
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
  readonly lease_until_ms: number;
  /** Which way it goes, also while it is stuck. */
  readonly direction: Direction;
  /** Whether it is past its point of no return. */
  readonly no_return: number | boolean;
  /** Whether anything outside may have been done. */
  readonly outside: number | boolean;
  readonly cancel_at_ms: number | null;
  readonly deadline_ms: number | null;
  /** How often somebody had it go on after it was stuck. */
  readonly retries: number;
  readonly stuck: string | null;
  readonly abandoned: string | null;
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
  /** Index of the step that it begins with. */
  readonly cursor: number;
  readonly firstStep: string;
  /** What the steps before that one returned. */
  readonly context: object;
  /** Whether its first step is behind the point of no return. */
  readonly noReturn: boolean;
  /** Whether its first step reaches outside and is begun by whom it is leased to. */
  readonly outside: boolean;
  readonly deadlineMs: number | undefined;
  readonly nowMs: number;
}

/** What a journal entry changes. */
export interface JournalEntry {
  readonly state: OperationState;
  readonly direction: Direction;
  readonly cursor: number;
  /** Of the step at the cursor. */
  readonly attempt: number;
  readonly context: object;
  readonly step: string;
  readonly percent: number;
  readonly error: CloudHostError | undefined;
  /** What its step failed with at last, and how often it was tried. */
  readonly stuck: { readonly error: CloudHostError; readonly attempts: number } | undefined;
  /** The host that its step reaches, once that is known: only who can reach it goes on. */
  readonly hostId: string | undefined;
  readonly noReturn: boolean;
  /** Whether anything outside may have been done by now. */
  readonly outside: boolean;
}

/** Whose run it is: a write of anybody else changes no row. */
export interface Fence {
  readonly operationId: string;
  readonly owner: string;
  readonly epoch: number;
}

/** How long an idempotency key is known. */
const keyKeptMs = msFrom({ days: 7 });

const bool = (value: boolean): string => (value ? "TRUE" : "FALSE");

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
        context: JSON.stringify(operation.context),
        state: "running",
        direction: "do",
        cursor: operation.cursor,
        attempt: 0,
        step: operation.firstStep,
        percent: 0,
        error: null,
        deadline_ms: operation.deadlineMs ?? null,
        owner: null,
        epoch: 0,
        lease_until_ms: 0,
        not_before_ms: 0,
        created_at_ms: operation.nowMs,
        updated_at_ms: operation.nowMs,
      }),
      ...(operation.noReturn
        ? [statement(`UPDATE ${operations} SET no_return = TRUE WHERE id = ?`, [operation.id])]
        : []),
      ...(owner === undefined
        ? []
        : [
            statement(
              `UPDATE ${operations} SET owner = ?, epoch = ${value}, lease_until_ms = ${this.#until()}, outside = ${bool(operation.outside)} WHERE id = ? RETURNING *`,
              [owner, operation.id],
            ),
          ]),
    ];
  }

  /** One fenced entry; its lease goes on. One that goes forward is refused as well when a cancel was asked for. */
  entry({ operationId, owner, epoch }: Fence, entry: JournalEntry, nowMs: number): Statement {
    const ended = entry.state === "succeeded" || entry.state === "failed" || entry.state === "stuck";
    const goesOn = entry.state === "running" || entry.state === "succeeded" ? " AND cancel_at_ms IS NULL" : "";
    return guarded(
      fenceGuard,
      `UPDATE ${this.#database.tables.operations} SET state = ?, direction = ?, cursor = ?, attempt = ?, context = ?, step = ?, percent = ?, error = ?, stuck = ?, host_id = ?, no_return = ${bool(entry.noReturn)}, outside = ${bool(entry.outside)}, updated_at_ms = ?, lease_until_ms = ${ended ? "0" : this.#until()} WHERE id = ? AND owner = ? AND epoch = ?${goesOn}`,
      [
        entry.state,
        entry.direction,
        entry.cursor,
        entry.attempt,
        JSON.stringify(entry.context),
        entry.step,
        entry.percent,
        entry.error === undefined ? null : JSON.stringify(entry.error.toJSON()),
        entry.stuck === undefined ? null : JSON.stringify(entry.stuck),
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

  /**
   * Takes an operation that nobody has, or whose lease is over: guard `fence` when somebody else was first.
   * @param reachesOut whether its step reaches outside and goes on here
   */
  acquire(operationId: string, owner: string, reachesOut: boolean): Script<OperationRow> {
    const { before, value } = this.#database.fence;
    const outside = reachesOut ? ", outside = TRUE" : "";
    return {
      statements: [
        ...before.map(({ sql }) => statement(sql)),
        guarded(
          fenceGuard,
          `UPDATE ${this.#database.tables.operations} SET owner = ?, epoch = ${value}, lease_until_ms = ${this.#until()}${outside} WHERE id = ? AND state IN ('running', 'undoing') AND lease_until_ms < ${this.#database.leaseNow()} RETURNING *`,
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

  /** Of this owner's, those that somebody has cancelled meanwhile. */
  async cancelled(owner: string): Promise<readonly string[]> {
    const { read, tables } = this.#database;
    const rows = await this.#database.all<{ id: string }>(
      read(tables.operations)
        .where({ owner, state: "running" })
        .where("lease_until_ms", ">", 0)
        .whereNotNull("cancel_at_ms")
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
