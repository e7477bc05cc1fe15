import type { Row, Statement } from "../script.ts";
import type { PipelineFailure, PipelineOutcome } from "./pipeline.ts";

/** Runs statements as one transaction. */
export type RunStatements = (statements: readonly Statement[]) => Promise<PipelineOutcome>;

/** One caller's transaction, and who waits for it. */
interface Waiting {
  readonly statements: readonly Statement[];
  readonly end: (outcome: PipelineOutcome | Promise<PipelineOutcome>) => void;
}

/** So many callers' scripts are committed together at the most. */
const groupMost = 64;

/**
 * How long a group waits for a row that another process has locked. A group may hold what that one waits for, as two
 * scripts never do to each other: then it gives way, long before the database would look for a deadlock.
 */
const lockTimeoutCode = "55P03";
const limitWait: Statement = { sql: "SELECT set_config('lock_timeout', '100ms', true)", bindings: [] };

/**
 * Commits what waits together, one group at a time: one round trip and one sync of the log for all, and the rows that
 * all of them want (a project's quotas, a host that fills up) pass from one to the next within a transaction rather than
 * from commit to commit. When a script fails, nothing of its group is done: it is run by itself, so that its caller is
 * told what is wrong with it alone, and the others are in the next group.
 */
export class GroupWriter {
  readonly #run: RunStatements;
  readonly #waiting: Waiting[] = [];
  #writing = false;

  constructor(run: RunStatements) {
    this.#run = run;
  }

  /** What came of it once it is durable, or that nothing of it was done. Rejects when there is no connection. */
  write(statements: readonly Statement[]): Promise<PipelineOutcome> {
    return new Promise((end) => {
      this.#waiting.push({ statements, end });
      if (!this.#writing) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    // Whoever comes within this turn of the event loop is in the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#writeGroup(this.#waiting.splice(0, groupMost));
    this.#writing = false;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    let outcome: PipelineOutcome;
    try {
      outcome = await this.#run([limitWait, ...group.flatMap(({ statements }) => statements)]);
    } catch (error) {
      for (const { end } of group) end(Promise.reject(error));
      return;
    }
    if (outcome.failure === undefined) endWithRows(group, outcome.rows);
    // The connection is gone, and with it whether this was committed.
    else if (!("severity" in outcome.failure.error)) for (const { end } of group) end(outcome);
    else this.#without(group, outcome.failure);
  }

  /** Takes the script that failed out of its group. */
  #without(group: readonly Waiting[], { error, statement }: PipelineFailure): void {
    let next = 1;
    const failed = group.findIndex(({ statements }) => statement < (next += statements.length));
    const culprit = group[failed];
    if (culprit === undefined) {
      // It failed as a whole, at the commit: each by itself will show whose fault it is.
      for (const { statements, end } of group) end(this.#run(statements));
      return;
    }
    const alone = statement - (next - culprit.statements.length);
    // Nothing came before the first one, so this is what it would be told by itself. Others are asked, and not waited
    // for: a row that another process has locked may keep one longer than the others should wait.
    if (failed === 0 && error.code !== lockTimeoutCode) culprit.end({ failure: { error, statement: alone } });
    else culprit.end(this.#run(culprit.statements));
    this.#waiting.unshift(...group.toSpliced(failed, 1));
  }
}

function endWithRows(group: readonly Waiting[], rows: readonly (readonly Row[])[]): void {
  let from = 1;
  for (const { statements, end } of group) end({ rows: rows.slice(from, (from += statements.length)) });
}
