import { GuardFailed } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { Interruption } from "./interruption.ts";
import { fenceGuard } from "./journal.ts";
import type { Fence, JournalEntry, OperationRow } from "./journal.ts";
import { outboxEvent } from "./outbox.ts";
import { joinScripts } from "./plan-commit.ts";
import type { StepScript } from "./plan-commit.ts";
import type { RunDependencies } from "./run-dependencies.ts";
import { LeaseLost, StoreTrouble } from "./stop-reasons.ts";

/** What commits with the entry that begins an act step. */
export type Mark = Script<{ revision: number }>;

/** A commit that an alternative of this step may make possible. */
export interface RefusedCommit {
  readonly how: "next" | "again";
  readonly step: string;
}

/**
 * The commits of one run, each fenced: the journal entry first, then what the steps write, then the mark of the act step
 * that comes next; and at the end what the outbox tells of it.
 */
export class RunCommits {
  readonly #dependencies: RunDependencies;
  readonly #row: OperationRow;
  readonly #fence: Fence;
  readonly #interruption: Interruption;
  #revision = 0;

  constructor(dependencies: RunDependencies, row: OperationRow, interruption: Interruption) {
    this.#dependencies = dependencies;
    this.#row = row;
    this.#fence = { operationId: row.id, owner: row.owner ?? "", epoch: row.epoch };
    this.#interruption = interruption;
  }

  /** What the last mark gave. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Commits an entry with what belongs to it. A refusal that an alternative may answer is returned.
   * @throws LeaseLost, StoreTrouble, CloudHostError what refused it; `CANCELLED` when that was asked for meanwhile
   */
  async commit(
    entry: JournalEntry,
    steps: readonly StepScript[] = [],
    mark?: Mark,
  ): Promise<RefusedCommit | undefined> {
    const { database, journal, clock } = this.#dependencies;
    const nowMs = clock.nowMs();
    const scripts = [...steps, ...(mark === undefined ? [] : [{ step: "mark", script: mark }])];
    const own = [
      journal.entry(this.#fence, entry, nowMs),
      journal.event(this.#row.id, entry.step, entry.state, nowMs),
      ...this.#news(entry, nowMs),
    ];
    const joined = joinScripts(own, scripts);
    try {
      const rows = await database.run({ statements: joined.statements, result: (all) => all });
      joined.committed(rows);
      if (mark !== undefined && typeof mark.result === "function") {
        this.#revision = mark.result(joined.rowsOf(steps.length, rows)).revision;
      }
    } catch (error) {
      if (database.isTrouble(error)) throw new StoreTrouble("The store is in trouble.", { cause: error });
      if (!(error instanceof GuardFailed)) throw error;
      if (error.guard === fenceGuard) throw await this.#fenced();
      const refused = scripts[joined.ownerOf(error.statement) ?? 0];
      const how = await refused?.script.refused?.(error.guard);
      if (refused !== undefined && (how === "next" || how === "again")) return { how, step: refused.step };
      if (isCloudHostError(how)) throw how;
      const reason = `${refused?.step ?? "journal"}: ${error.message}`;
      throw new CloudHostError("INTERNAL", reason, { reason }, { cause: error });
    }
    const { state, step, percent } = entry;
    this.#dependencies.progress({ operationId: this.#row.id, state, step, percent });
    this.#dependencies.committed();
    return undefined;
  }

  /** Why an entry was refused: somebody else has the operation, or somebody has cancelled it. */
  async #fenced(): Promise<Error> {
    const { database } = this.#dependencies;
    const { operationId, owner, epoch } = this.#fence;
    const row = await database.first<OperationRow>(
      database.read(database.tables.operations).where({ id: operationId, owner, epoch }),
    );
    if (row === undefined || row.cancel_at_ms === null) return new LeaseLost();
    this.#interruption.cancel();
    return this.#interruption.reason ?? new LeaseLost();
  }

  #news({ state, direction, step, error, stuck }: JournalEntry, atMs: number): readonly Statement[] {
    if (state === "running" || state === "undoing") return [];
    const { id: operationId, kind, project_id: projectId, resource_id: resourceId, actor } = this.#row;
    const data = {
      operationId,
      ...(error === undefined ? {} : { code: error.code }),
      ...(stuck === undefined ? {} : { step, direction, ...stuck }),
    };
    const event = { kind: `${kind}.${state}`, projectId, resourceId, actor, data, atMs };
    const { database, log } = this.#dependencies;
    return [outboxEvent(database.tables, event), log.ended(operationId, state, error?.code ?? stuck?.error.code, atMs)];
  }
}
