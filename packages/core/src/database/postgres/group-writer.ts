import { statement } from "../script.ts";
import type { Statement } from "../script.ts";
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
const patienceMs = 100;
const lockTimeoutCode = "55P03";
const limitWait = statement(`SET LOCAL lock_timeout = '${patienceMs}ms'`);

/**
 * Commits what waits together, one group at a time: one round trip and one sync of the log for all, and the rows that
 * all of them want (a project's quotas, a host that fills up) pass from one to the next within a transaction rather than
 * from commit to commit. When a script fails, nothing of its group is done, and each of it is run by itself: so a caller
 * is told what is wrong with their own.
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
    const { failure } = outcome;
    if (failure === undefined) {
      let from = 1;
      for (const { statements, end } of group) end({ rows: outcome.rows.slice(from, (from += statements.length)) });
    } else if (!saidByServer(failure)) {
      // The connection is gone, and with it whether this was committed.
      for (const { end } of group) end(outcome);
    } else if (group.length === 1 && failure.error.code !== lockTimeoutCode) {
      for (const { end } of group) end({ failure: { ...failure, statement: failure.statement - 1 } });
    } else {
      await this.#writeEach(group);
    }
  }

  /** Side by side. What then comes waits for them, but not for long: another process may have locked what one wants. */
  async #writeEach(group: readonly Waiting[]): Promise<void> {
    const runs = group.map(({ statements, end }) => {
      const run = this.#run(statements);
      end(run);
      return run;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeUp = new Promise((resolve) => (timer = setTimeout(resolve, patienceMs)));
    await Promise.race([Promise.allSettled(runs), timeUp]);
    clearTimeout(timer);
  }
}

const saidByServer = ({ error }: PipelineFailure): boolean => "severity" in error;
