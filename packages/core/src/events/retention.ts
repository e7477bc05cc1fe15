import type { Database } from "../database/database.ts";
import { script, statement } from "../database/script.ts";
import type { Clock } from "../ports/clock.ts";
import { forgottenCounter } from "./outbox-reader.ts";

/** Rows that one look at the outbox takes: a short transaction, between those of operations. */
const atOnce = 1000;

/** Forgets events that are older than they are to be kept, and remembers up to where. */
export class EventRetention {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #keptMs: number;

  /** @param keptMs how long an event is kept, in milliseconds */
  constructor(database: Database, clock: Clock, keptMs: number) {
    this.#database = database;
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** Takes no input; may run in several processes at once. */
  async reconcile(): Promise<void> {
    const beforeMs = this.#clock.nowMs() - this.#keptMs;
    for (;;) {
      const { read, tables } = this.#database;
      const rows = await this.#database.all<{ id: number; at_ms: number }>(
        read(tables.outbox).select("id", "at_ms").orderBy("id").limit(atOnce),
      );
      const young = rows.findIndex(({ at_ms }) => at_ms >= beforeMs);
      const upTo = rows.at(young === -1 ? -1 : young - 1)?.id;
      if (upTo === undefined || young === 0) return;
      await this.#database.run(
        script(
          statement(
            `INSERT INTO ${tables.counters} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE ${tables.counters}.value < excluded.value`,
            [forgottenCounter, upTo],
          ),
          statement(`DELETE FROM ${tables.outbox} WHERE id <= ?`, [upTo]),
        ),
      );
      if (rows.length < atOnce || young !== -1) return;
    }
  }
}
