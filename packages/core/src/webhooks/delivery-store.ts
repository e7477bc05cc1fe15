import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { script, statement } from "../database/script.ts";
import type { Script, Statement } from "../database/script.ts";
import type { CloudEvent } from "../events/model.ts";
import type { CreationFilter } from "../lists/filters.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { DeliveryState, WebhookDelivery } from "./model.ts";

/** A delivery's row. */
export interface DeliveryRow {
  readonly id: string;
  readonly webhook_id: string;
  readonly project_id: string | null;
  readonly event_id: number;
  readonly kind: string;
  readonly resource_id: string;
  /** JSON, as it is sent. */
  readonly data: string;
  readonly event_at_ms: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly next_at_ms: number;
  readonly reason: string | null;
  readonly created_at_ms: number;
  readonly ended_at_ms: number | null;
}

/** Which deliveries to find. */
export interface FindDeliveries extends CreationFilter {
  /** `undefined`: of every project, and of none. */
  readonly projectId?: string | undefined;
  readonly webhookId?: string | undefined;
  readonly state?: readonly DeliveryState[] | undefined;
  readonly kind?: string | undefined;
}

/** Their ids begin with the time at which they were made. */
const sorts = { createdAt: { column: "id", type: "text" } } as const;

/** Deliveries' rows. */
export class DeliveryStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Puts an event on its way to a subscription, once however often it is asked for. */
  add(
    id: string,
    webhook: { readonly id: string; readonly project_id: string | null },
    event: CloudEvent,
    nowMs: number,
  ): Statement {
    const { cursor, projectId, resourceId, userId, data } = event;
    const { webhook_deliveries, webhooks } = this.#database.tables;
    const sent = JSON.stringify({ cursor, projectId, resourceId, userId, data });
    return statement(
      // The subscription may be deleted meanwhile: then there is nothing to put.
      `INSERT INTO ${webhook_deliveries} (id, webhook_id, project_id, event_id, kind, resource_id, data, event_at_ms, state, attempts, next_at_ms, created_at_ms) SELECT ?, id, ?, CAST(? AS BIGINT), ?, ?, ?, CAST(? AS BIGINT), 'pending', 0, CAST(? AS BIGINT), CAST(? AS BIGINT) FROM ${webhooks} WHERE id = ? ON CONFLICT (webhook_id, event_id) DO NOTHING`,
      [id, webhook.project_id, cursor, event.kind, resourceId, sent, event.atMs, nowMs, nowMs, webhook.id],
    );
  }

  /** The next one to carry to a subscription: the oldest that has not ended. */
  async head(webhookId: string): Promise<DeliveryRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<DeliveryRow>(
      read(tables.webhook_deliveries).where({ webhook_id: webhookId, state: "pending" }).orderBy("event_id").limit(1),
    );
  }

  /** It was tried: how it stands now. Changes nothing where somebody else was faster. */
  tried(
    row: Pick<DeliveryRow, "id" | "attempts">,
    now: {
      readonly state: DeliveryState;
      readonly nextAtMs: number;
      readonly endedAtMs: number | null;
      readonly reason: string | null;
    },
  ): Statement {
    return statement(
      `UPDATE ${this.#database.tables.webhook_deliveries} SET state = ?, attempts = attempts + 1, next_at_ms = ?, ended_at_ms = ?, reason = ? WHERE id = ? AND state = 'pending' AND attempts = ?`,
      [now.state, now.nextAtMs, now.endedAtMs, now.reason, row.id, row.attempts],
    );
  }

  /** Puts one that has ended on its way again. Gives `false` when it has not ended. */
  again(deliveryId: string, nowMs: number): Script<boolean> {
    return {
      statements: [
        statement(
          `UPDATE ${this.#database.tables.webhook_deliveries} SET state = 'pending', attempts = 0, next_at_ms = ?, ended_at_ms = NULL WHERE id = ? AND state <> 'pending' RETURNING id`,
          [nowMs, deliveryId],
        ),
      ],
      result: ([rows]) => (rows?.length ?? 0) > 0,
    };
  }

  /** Tries all that wait for a subscription without waiting any longer. */
  hurry(webhookId: string, nowMs: number): Statement {
    return statement(
      `UPDATE ${this.#database.tables.webhook_deliveries} SET next_at_ms = ? WHERE webhook_id = ? AND state = 'pending'`,
      [nowMs, webhookId],
    );
  }

  /** Gives up what waits since before then, and forgets what ended before then. */
  prune(beforeMs: number, nowMs: number): Script {
    const { webhook_deliveries } = this.#database.tables;
    return script(
      statement(`DELETE FROM ${webhook_deliveries} WHERE state IN ('delivered', 'dead') AND ended_at_ms < ?`, [
        beforeMs,
      ]),
      statement(
        `UPDATE ${webhook_deliveries} SET state = 'dead', ended_at_ms = ?, reason = COALESCE(reason, 'it waited for too long') WHERE state = 'pending' AND created_at_ms < ?`,
        [nowMs, beforeMs],
      ),
    );
  }

  async get(deliveryId: string): Promise<DeliveryRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<DeliveryRow>(read(tables.webhook_deliveries).where({ id: deliveryId }));
  }

  async find(where: FindDeliveries, part: SliceRequest<keyof typeof sorts>): Promise<Slice<DeliveryRow>> {
    const select = `SELECT * FROM ${this.#database.tables.webhook_deliveries}`;
    const query = new PageQuery<DeliveryRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .equal("webhook_id", where.webhookId)
      .oneOf("state", where.state)
      .equal("kind", where.kind)
      .atLeast("created_at_ms", where.createdSinceMs)
      .below("created_at_ms", where.createdBeforeMs);
    return query.read(this.#database, part);
  }
}

/** A row as its owners see it. */
export const deliveryOf = (row: DeliveryRow): WebhookDelivery => ({
  id: row.id,
  webhookId: row.webhook_id,
  projectId: row.project_id,
  kind: row.kind,
  cursor: row.event_id,
  resourceId: row.resource_id,
  state: row.state,
  attempts: row.attempts,
  nextAtMs: row.state === "pending" ? row.next_at_ms : null,
  reason: row.reason,
  createdAtMs: row.created_at_ms,
  endedAtMs: row.ended_at_ms,
});
