import type { Database } from "../database/database.ts";
import { CloudHostError } from "../errors.ts";
import type { CloudEvent } from "./model.ts";
import { writersTo } from "./writers.ts";

/** The counter that has the cursor of the last event that was forgotten. */
export const forgottenCounter = "outbox_forgotten";

interface OutboxRow {
  readonly id: number;
  readonly kind: string;
  readonly project_id: string | null;
  readonly resource_id: string;
  readonly actor: string;
  readonly data: string;
  readonly at_ms: number;
  /** `null` while nothing was forgotten. */
  readonly forgotten: number | null;
}

const atOnce = 500;

/**
 * Reads the outbox from a cursor on, a page at a time. Nothing is missed: on PostgreSQL numbers are given before they
 * are committed, so behind a gap nothing is told until all that might still fill it has ended.
 */
export class OutboxReader {
  readonly #database: Database;
  #after: number | undefined;
  /** Up to here nothing is missing but what was never written. */
  #settledTo = 0;
  /** A gap that was seen, and who might still fill it. */
  #gap: { readonly upTo: number; readonly writers: ReadonlySet<string> } | undefined;

  /** @param after cursor of the last event that was dealt with; without one, it begins with the oldest that is kept */
  constructor(database: Database, after: number | undefined) {
    this.#database = database;
    this.#after = after;
  }

  /**
   * What is there behind the cursor, which moves on with it: at most 500 events, none when there is nothing new.
   * @throws CloudHostError `CURSOR_EXPIRED`
   */
  async page(): Promise<readonly CloudEvent[]> {
    this.#after ??= await this.#forgotten();
    for (;;) {
      const rows = await this.#rows(this.#after);
      const whole = this.#whole(rows, this.#after);
      this.#after = whole.at(-1)?.id ?? this.#after;
      if (whole.length > 0 || rows.length === 0) return whole.map(eventOf);
      if (!(await this.#closed(rows.at(-1)?.id ?? 0))) return [];
    }
  }

  /** Finds out at once whether the cursor is too old, also while nothing happens. */
  async check(): Promise<void> {
    const forgotten = await this.#forgotten();
    if (this.#after !== undefined && this.#after < forgotten) throw expired(this.#after, forgotten);
  }

  /** Those before the first gap that may still be filled. */
  #whole(rows: readonly OutboxRow[], after: number): readonly OutboxRow[] {
    const forgotten = rows[0]?.forgotten ?? 0;
    if (forgotten > after) throw expired(after, forgotten);
    if (!this.#database.concurrentWriters) return rows;
    const gap = rows.findIndex(({ id }, index) => id > this.#settledTo && id !== (rows[index - 1]?.id ?? after) + 1);
    return gap === -1 ? rows : rows.slice(0, gap);
  }

  /** Whether everybody who might have filled the gap has ended: then what is read from now on is whole. */
  async #closed(upTo: number): Promise<boolean> {
    const writing = await writersTo(this.#database, this.#database.tables.outbox);
    const { upTo: seenTo, writers } = this.#gap ?? { upTo, writers: writing };
    const left = new Set([...writers].filter((writer) => writing.has(writer)));
    this.#gap = left.size === 0 ? undefined : { upTo: seenTo, writers: left };
    if (left.size === 0) this.#settledTo = seenTo;
    return left.size === 0;
  }

  #rows(after: number): Promise<readonly OutboxRow[]> {
    const { read, tables } = this.#database;
    const forgotten = read(tables.counters).select("value").where({ name: forgottenCounter }).as("forgotten");
    const query = read(tables.outbox).select("*", forgotten).where("id", ">", after).orderBy("id").limit(atOnce);
    return this.#database.all<OutboxRow>(query);
  }

  async #forgotten(): Promise<number> {
    const { read, tables } = this.#database;
    const row = await this.#database.first<{ value: number }>(read(tables.counters).where({ name: forgottenCounter }));
    return row?.value ?? 0;
  }
}

const expired = (after: number, oldest: number): CloudHostError =>
  new CloudHostError(
    "CURSOR_EXPIRED",
    `Events are kept from cursor ${oldest} on: what happened between ${after} and it is forgotten.`,
    { after, oldest },
  );

const eventOf = (row: OutboxRow): CloudEvent => ({
  cursor: row.id,
  kind: row.kind,
  projectId: row.project_id,
  resourceId: row.resource_id,
  userId: row.actor,
  data: JSON.parse(row.data) as CloudEvent["data"],
  atMs: row.at_ms,
});
