import { GuardFailed, guarded, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import { leftOver } from "./left-over.ts";
import type { OperationDefinition } from "./definition.ts";
import type { OperationRow } from "./journal.ts";
import type { AbandonRecord } from "./model.ts";
import { outboxEvent } from "./outbox.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { StepContexts } from "./step-contexts.ts";

/** What this process does at once about what somebody decided; other processes see it in the row. */
export interface ControlledRuns {
  /** What the operation has under way here is ended. */
  interrupt(operationId: string): void;
  /** What nobody runs goes on, or ends, here. */
  takeOver(): Promise<void>;
}

/** Who decided something about an operation. */
export interface Decider {
  readonly userId: string;
  readonly reason: string;
}

/** What people decide about an operation under way: to cancel it, to try it again, to give it up. */
export class OperationControl {
  readonly #dependencies: Omit<RunDependencies, "progress">;
  readonly #definitions: ReadonlyMap<string, OperationDefinition>;
  readonly #runs: ControlledRuns;

  constructor(
    dependencies: Omit<RunDependencies, "progress">,
    definitions: ReadonlyMap<string, OperationDefinition>,
    runs: ControlledRuns,
  ) {
    this.#dependencies = dependencies;
    this.#definitions = definitions;
    this.#runs = runs;
  }

  /**
   * Asks for an operation's end: who runs it ends the step under way and takes everything back. Asking twice is as once.
   * @throws CloudHostError `CONFLICT` when it has ended, is being taken back, or is past its point of no return
   */
  async cancel(row: OperationRow): Promise<void> {
    const { clock, journal } = this.#dependencies;
    const nowMs = clock.nowMs();
    const asked = await this.#change(row.id, [
      guarded(
        "state",
        `UPDATE ${this.#operations} SET cancel_at_ms = ?, updated_at_ms = ? WHERE id = ? AND state = 'running' AND NOT no_return AND cancel_at_ms IS NULL`,
        [nowMs, nowMs, row.id],
      ),
      journal.event(row.id, row.step, "cancel", nowMs),
    ]);
    if (!asked) {
      const now = await this.#now(row);
      if (now.cancel_at_ms === null) throw notCancellable(now);
    }
    this.#runs.interrupt(row.id);
    await this.#runs.takeOver();
  }

  /**
   * Has a stuck operation go on from where it stopped, its attempts counted anew.
   * @throws CloudHostError `CONFLICT` when it is not stuck
   */
  async retry(row: OperationRow, { userId }: Pick<Decider, "userId">): Promise<void> {
    const { clock, journal, database } = this.#dependencies;
    const nowMs = clock.nowMs();
    const asked = await this.#change(row.id, [
      guarded(
        "state",
        `UPDATE ${this.#operations} SET state = CASE direction WHEN 'do' THEN 'running' ELSE 'undoing' END, error = CASE direction WHEN 'do' THEN NULL ELSE error END, attempt = 0, retries = retries + 1, stuck = NULL, owner = NULL, lease_until_ms = 0, updated_at_ms = ? WHERE id = ? AND state = 'stuck'`,
        [nowMs, row.id],
      ),
      journal.event(row.id, row.step, "retry", nowMs),
      outboxEvent(database.tables, { ...aboutIt(row), kind: `${row.kind}.retried`, actor: userId, atMs: nowMs }),
    ]);
    if (!asked) throw notStuck(await this.#now(row), ["stuck"]);
    await this.#runs.takeOver();
  }

  /**
   * Gives an operation up: it has failed, and what was not taken back stays, listed in its record. Also one that is
   * under way and that nobody runs, since its host is gone.
   * @throws CloudHostError `CONFLICT` while it is run, or has ended; `VERSION_MISMATCH` for a kind that is not known
   */
  async abandon(row: OperationRow, { userId, reason }: Decider): Promise<void> {
    const { clock, database, journal, log } = this.#dependencies;
    const definition = this.#definitions.get(row.kind);
    if (definition === undefined) throw unknownKind(row.kind);
    const nowMs = clock.nowMs();
    const error =
      row.error === null
        ? new CloudHostError("CANCELLED", `The operation ${row.kind} was abandoned: ${reason}`, { what: row.id })
        : CloudHostError.fromJSON(JSON.parse(row.error) as never);
    const record: AbandonRecord = { reason, userId, atMs: nowMs, leftOver: [...leftOver(definition, row)] };
    const { before, value } = database.fence;
    const data = { ...aboutIt(row).data, code: error.code, abandoned: record };
    const asked = await this.#change(row.id, [
      ...before.map(({ sql }) => statement(sql)),
      // A runner that is not dead after all is fenced off by the new epoch.
      guarded(
        "state",
        `UPDATE ${this.#operations} SET state = 'failed', error = ?, abandoned = ?, owner = NULL, epoch = ${value}, lease_until_ms = 0, updated_at_ms = ? WHERE id = ? AND (state = 'stuck' OR (state IN ('running', 'undoing') AND lease_until_ms < ${database.leaseNow()}))`,
        [JSON.stringify(error.toJSON()), JSON.stringify(record), nowMs, row.id],
      ),
      journal.event(row.id, row.step, "abandoned", nowMs),
      outboxEvent(database.tables, { ...aboutIt(row), kind: `${row.kind}.failed`, actor: userId, data, atMs: nowMs }),
      log.ended(row.id, "failed", error.code, nowMs),
      ...this.#failed(definition, row, error).statements,
    ]);
    if (!asked) throw notStuck(await this.#now(row), ["stuck", "waiting for a host"]);
  }

  get #operations(): string {
    return this.#dependencies.database.tables.operations;
  }

  /** @returns whether it was done; `false` when the operation is not in such a state */
  async #change(operationId: string, statements: readonly Statement[]): Promise<boolean> {
    const { database, committed } = this.#dependencies;
    try {
      await database.run({ statements, result: undefined });
      committed();
      return true;
    } catch (error) {
      if (error instanceof GuardFailed && error.guard === "state") return false;
      throw error;
    }
  }

  async #now({ id }: OperationRow): Promise<OperationRow> {
    const { database } = this.#dependencies;
    const row = await database.first<OperationRow>(database.read(this.#operations).where({ id }));
    if (row === undefined) throw new CloudHostError("NOT_FOUND", "It is gone.", { resource: "operation", id });
    return row;
  }

  #failed(definition: OperationDefinition, row: OperationRow, error: CloudHostError): Script {
    const journalled = JSON.parse(row.input) as object;
    const parsed = definition.input.safeParse(journalled);
    // Nothing is done with it any more: what another version wrote is good enough to free what it is about.
    const input = parsed.success ? parsed.data : journalled;
    const contexts = new StepContexts(this.#dependencies, row, input, AbortSignal.abort());
    return definition.failed(contexts.record(JSON.parse(row.context)), error);
  }
}

const aboutIt = (row: OperationRow) => ({
  projectId: row.project_id,
  resourceId: row.resource_id,
  data: { operationId: row.id },
});

function notCancellable({ kind, state, no_return: noReturn }: OperationRow): CloudHostError {
  const forward = state === "running" && Boolean(noReturn);
  const why = forward
    ? "only goes forward now: what it does cannot be taken back"
    : {
        running: "runs",
        undoing: "is being taken back already",
        stuck: "is stuck: retry or abandon it",
        succeeded: "is done",
        failed: "has failed, and is taken back",
      }[state];
  const details = { state: forward ? "past its point of no return" : state, allowed: ["running"] };
  return new CloudHostError("CONFLICT", `The operation ${kind} ${why}.`, details);
}

const notStuck = ({ kind, state }: OperationRow, allowed: readonly string[]): CloudHostError =>
  new CloudHostError("CONFLICT", `The operation ${kind} is ${state}.`, { state, allowed });

function unknownKind(kind: string): CloudHostError {
  const details = { what: "an operation's kind", found: kind, supported: "the kinds of this version" };
  return new CloudHostError(
    "VERSION_MISMATCH",
    `This version does not know ${kind}: abandon it in one that does.`,
    details,
  );
}
