import type { Database } from "../database/database.ts";
import { script, statement } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { isCloudHostError } from "../errors.ts";
import { isOfKinds } from "../events/model.ts";
import type { CloudEvent } from "../events/model.ts";
import { OutboxReader } from "../events/outbox-reader.ts";
import type { Ids } from "../ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { kindsOf } from "./store.ts";
import type { WebhookRow, WebhookStore } from "./store.ts";

/** What {@link WebhookFanOut} needs. */
export interface FanOutDependencies {
  readonly database: Database;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The counter that has the cursor of the last event that was put on its way. */
const cursorCounter = "webhooks_cursor";

/** Puts each event of the outbox on its way to each subscription that wants it: once each, in the outbox's order. */
export class WebhookFanOut {
  readonly #dependencies: FanOutDependencies;

  constructor(dependencies: FanOutDependencies) {
    this.#dependencies = dependencies;
  }

  /** All that is there now. One process at a time: the caller has the lease. */
  async run(): Promise<void> {
    const { database, webhooks } = this.#dependencies;
    let reader = new OutboxReader(database, await this.#cursor());
    for (;;) {
      const page = await this.#page(reader);
      if (typeof page === "number") {
        reader = new OutboxReader(database, page);
        continue;
      }
      const last = page.at(-1);
      if (last === undefined) return;
      // Asked for after the page: who has subscribed before one of its events is among them.
      const statements = this.#wanted(await webhooks.all(), page);
      await database.run(script(...statements, this.#advance(last.cursor)));
    }
  }

  /** The next events, or the cursor to go on from where what came behind ours is forgotten. */
  async #page(reader: OutboxReader): Promise<readonly CloudEvent[] | number> {
    try {
      return await reader.page();
    } catch (error) {
      if (!isCloudHostError(error, "CURSOR_EXPIRED")) throw error;
      this.#dependencies.logger.error(error.details, "events were forgotten before webhooks could carry them");
      return error.details.oldest;
    }
  }

  #wanted(webhooks: readonly WebhookRow[], page: readonly CloudEvent[]): readonly Statement[] {
    const { deliveries, ids, clock } = this.#dependencies;
    const nowMs = clock.nowMs();
    return page.flatMap((event) =>
      webhooks
        .filter((webhook) => wants(webhook, event))
        .map((webhook) => deliveries.add(ids.next("dlv"), webhook, event, nowMs)),
    );
  }

  /** Where to begin: what no subscription wants need not be read. */
  async #cursor(): Promise<number> {
    const { database } = this.#dependencies;
    const { read, tables } = database;
    const done = await database.first<{ value: number }>(read(tables.counters).where({ name: cursorCounter }));
    const wanted = await database.first<{ from: number | null }>(read(tables.webhooks).min("from_cursor as from"));
    return Math.max(done?.value ?? 0, wanted?.from ?? 0);
  }

  #advance(cursor: number): Statement {
    const { counters } = this.#dependencies.database.tables;
    return statement(
      `INSERT INTO ${counters} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE ${counters}.value < excluded.value`,
      [cursorCounter, cursor],
    );
  }
}

/** What becomes of webhooks themselves is never carried by one: a dead letter about a dead letter would have no end. */
const wants = (webhook: WebhookRow, event: CloudEvent): boolean =>
  event.cursor > webhook.from_cursor &&
  (webhook.project_id === null || webhook.project_id === event.projectId) &&
  !event.kind.startsWith("webhook.") &&
  isOfKinds(event.kind, kindsOf(webhook));
