import { Observable } from "rxjs";
import type { Subject } from "rxjs";
import { projectFilter } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import type { Database } from "../database/database.ts";
import { parseInput } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import { ReadEvents } from "./model.ts";
import type { CloudEvent } from "./model.ts";

/** What reading events needs. */
export interface EventsDependencies {
  readonly database: Database;
  readonly clock: Clock;
  /** Told when this process has written to the outbox. */
  readonly written: Subject<void>;
  /** Fires when the cloud closes. */
  readonly closed: AbortSignal;
}

/** How often the outbox is looked at for what other processes wrote. */
const lookMs = 250;
const atOnce = 500;

/**
 * On PostgreSQL numbers are given before they are committed: a gap may still be filled. It is waited for so long, which
 * is longer than a transaction may be open.
 */
const gapMs = 6000;
/** What lies before a row that was written so long ago is settled, however the clocks of two processes differ. */
const settledMs = 60_000;

interface OutboxRow {
  readonly id: number;
  readonly kind: string;
  readonly project_id: string | null;
  readonly resource_id: string;
  readonly actor: string;
  readonly data: string;
  readonly at_ms: number;
}

/**
 * What happens, from a cursor on: first what has happened since, then what does. Nothing is missed; who goes on behind
 * the last cursor that they have dealt with gets nothing twice.
 */
export function readEvents(
  caller: Caller,
  { database, clock, written, closed }: EventsDependencies,
  input: ReadEvents,
): Observable<CloudEvent> {
  return new Observable((subscriber) => {
    const reader = new OutboxReader(database, clock);
    let scope: Scope | undefined;
    let reading: Promise<void> | undefined;
    let again = false;

    const read = async (): Promise<void> => {
      do {
        again = false;
        if (scope === undefined) {
          scope = await caller.may("events.read");
          reader.after = parseInput(ReadEvents, input, "a cursor").after;
        }
        const projectId = projectFilter(scope);
        for await (const row of reader.rows()) {
          if (subscriber.closed) return;
          if (projectId === undefined || row.project_id === projectId) subscriber.next(eventOf(row));
        }
      } while (again && !subscriber.closed);
    };
    const look = (): Promise<void> => {
      again = true;
      reading ??= read()
        .catch((error: unknown) => subscriber.error(error))
        .finally(() => (reading = undefined));
      return reading;
    };

    const timer = clock.every(lookMs, look);
    const local = written.subscribe(() => void look());
    const close = (): void => subscriber.complete();
    closed.addEventListener("abort", close, { once: true });
    void look();
    return () => {
      local.unsubscribe();
      closed.removeEventListener("abort", close);
      void timer[Symbol.asyncDispose]();
    };
  });
}

/** Reads the outbox from a cursor on. */
class OutboxReader {
  readonly #database: Database;
  readonly #clock: Clock;
  #gapSinceMs: number | undefined;
  after = 0;

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** What is there behind the cursor, which moves on with each row. */
  async *rows(): AsyncGenerator<OutboxRow> {
    const { read, tables, concurrentWriters } = this.#database;
    for (;;) {
      const query = read(tables.outbox).where("id", ">", this.after).orderBy("id").limit(atOnce);
      const rows = await this.#database.all<OutboxRow>(query);
      for (const row of rows) {
        if (concurrentWriters && row.id > this.after + 1 && !this.#gapIsOld(row)) return;
        this.#gapSinceMs = undefined;
        this.after = row.id;
        yield row;
      }
      if (rows.length < atOnce) return;
    }
  }

  #gapIsOld(behind: OutboxRow): boolean {
    const nowMs = this.#clock.nowMs();
    this.#gapSinceMs ??= nowMs;
    return nowMs - this.#gapSinceMs >= gapMs || nowMs - behind.at_ms >= settledMs;
  }
}

const eventOf = (row: OutboxRow): CloudEvent => ({
  cursor: row.id,
  kind: row.kind,
  projectId: row.project_id,
  resourceId: row.resource_id,
  userId: row.actor,
  data: JSON.parse(row.data) as CloudEvent["data"],
  atMs: row.at_ms,
});
