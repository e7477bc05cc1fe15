import type { Database } from "../database/database.ts";
import { keptFrom } from "../database/migrations/0003-projects.ts";
import { script, statement } from "../database/script.ts";
import type { Clock } from "../ports/clock.ts";

/** Lines that one commit takes away: a short transaction, between those of operations. */
const atOnce = 1000;

/**
 * Takes away lines of the log that are older than the operator wants them kept. The table lets nobody delete a line but
 * in a transaction that first says from when on lines are kept.
 */
export class LogRetention {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #keptMs: number;

  /** @param keptMs how long a line is kept, in milliseconds */
  constructor(database: Database, clock: Clock, keptMs: number) {
    this.#database = database;
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** Takes no input; may run in several processes at once. */
  async reconcile(): Promise<void> {
    const { read, tables } = this.#database;
    const beforeMs = this.#clock.nowMs() - this.#keptMs;
    for (;;) {
      const rows = await this.#database.all<{ id: string; at_ms: number }>(
        read(tables.audit).select("id", "at_ms").orderBy("id").limit(atOnce),
      );
      const old = rows.filter(({ at_ms }) => at_ms < beforeMs).map(({ id }) => id);
      if (old.length === 0) return;
      await this.#database.run(
        script(
          statement(
            `INSERT INTO ${tables.counters} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
            [keptFrom, beforeMs],
          ),
          statement(`DELETE FROM ${tables.audit} WHERE id IN (${old.map(() => "?").join(", ")})`, old),
          statement(`DELETE FROM ${tables.counters} WHERE name = ?`, [keptFrom]),
        ),
      );
      if (rows.length < atOnce) return;
    }
  }
}
