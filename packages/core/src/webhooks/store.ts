import type { Database } from "../database/database.ts";
import { PageQuery } from "../database/page-query.ts";
import { guarded, statement } from "../database/script.ts";
import type { Binding, Statement } from "../database/script.ts";
import type { Slice, SliceRequest } from "../lists/slice.ts";
import type { Webhook } from "./model.ts";

/** A subscription's row. */
export interface WebhookRow {
  readonly id: string;
  readonly project_id: string | null;
  readonly user_id: string;
  readonly url: string;
  /** JSON. */
  readonly kinds: string | null;
  /** Sealed. */
  readonly secret: string;
  readonly previous_secret: string | null;
  readonly previous_until_ms: number | null;
  readonly state: Webhook["state"];
  readonly reason: string | null;
  readonly failing_since_ms: number | null;
  /** Only what happened behind it is carried. */
  readonly from_cursor: number;
  readonly created_at_ms: number;
}

/** A new subscription's row: it begins with what happens from then on. */
export type NewWebhookRow = Omit<
  WebhookRow,
  "from_cursor" | "state" | "reason" | "failing_since_ms" | "previous_secret" | "previous_until_ms"
>;

/** Which subscriptions to find. */
export interface FindWebhooks {
  /** `undefined`: of every project, and of none. */
  readonly projectId: string | undefined;
  readonly state?: Webhook["state"] | undefined;
  readonly userId?: string | undefined;
}

const sorts = { createdAt: { column: "created_at_ms", type: "integer" } } as const;

/** So many a project may have, and as many operators for the whole cloud. */
export const webhooksMost = 20;

/** Subscriptions' rows. */
export class WebhookStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** A new subscription. Guard `most`: there are as many as there may be. */
  create(row: NewWebhookRow): readonly Statement[] {
    const { outbox, webhooks } = this.#database.tables;
    const columns = Object.keys(row);
    const marks = columns.map((column) => (column === "created_at_ms" ? "CAST(? AS BIGINT)" : "?")).join(", ");
    const count = `SELECT COUNT(*) FROM ${webhooks} WHERE COALESCE(project_id, '') = ?`;
    return [
      // One at a time, so that two do not both count one too few.
      ...(this.#database.concurrentWriters ? [statement(`LOCK TABLE ${webhooks} IN SHARE ROW EXCLUSIVE MODE`)] : []),
      guarded(
        "most",
        `INSERT INTO ${webhooks} (${columns.join(", ")}, state, from_cursor) SELECT ${marks}, 'active', (SELECT COALESCE(MAX(id), 0) FROM ${outbox}) WHERE (${count}) < ${webhooksMost}`,
        [...Object.values(row), row.project_id ?? ""],
      ),
    ];
  }

  /** Guard `webhook`: there is none. */
  update(webhookId: string, values: Readonly<Record<string, Binding>>): Statement {
    const set = Object.keys(values).map((column) => `${column} = ?`);
    return guarded("webhook", `UPDATE ${this.#database.tables.webhooks} SET ${set.join(", ")} WHERE id = ?`, [
      ...Object.values(values),
      webhookId,
    ]);
  }

  /** Its receiver takes what it is sent. */
  healthy(webhookId: string): Statement {
    return statement(
      `UPDATE ${this.#database.tables.webhooks} SET failing_since_ms = NULL, reason = NULL WHERE id = ? AND failing_since_ms IS NOT NULL`,
      [webhookId],
    );
  }

  /** Its receiver does not, since then; for so long that nothing more is sent. */
  failing(webhookId: string, sinceMs: number, reason: string, suspended: boolean): Statement {
    return statement(
      `UPDATE ${this.#database.tables.webhooks} SET failing_since_ms = ?, reason = ?${suspended ? ", state = 'suspended'" : ""} WHERE id = ?`,
      [sinceMs, reason, webhookId],
    );
  }

  /** With what is on its way to it. Guard `webhook`: there is none. */
  delete(webhookId: string): readonly Statement[] {
    const { webhooks, webhook_deliveries: deliveries } = this.#database.tables;
    return [
      statement(`DELETE FROM ${deliveries} WHERE webhook_id = ?`, [webhookId]),
      guarded("webhook", `DELETE FROM ${webhooks} WHERE id = ?`, [webhookId]),
    ];
  }

  async get(webhookId: string): Promise<WebhookRow | undefined> {
    const { read, tables } = this.#database;
    return this.#database.first<WebhookRow>(read(tables.webhooks).where({ id: webhookId }));
  }

  async find(where: FindWebhooks, part: SliceRequest<keyof typeof sorts>): Promise<Slice<WebhookRow>> {
    const select = `SELECT * FROM ${this.#database.tables.webhooks}`;
    const query = new PageQuery<WebhookRow, keyof typeof sorts>({ select, sorts, id: "id" })
      .equal("project_id", where.projectId)
      .equal("state", where.state)
      .equal("user_id", where.userId);
    return query.read(this.#database, part);
  }

  async all(): Promise<readonly WebhookRow[]> {
    const { read, tables } = this.#database;
    return this.#database.all<WebhookRow>(read(tables.webhooks).orderBy("id"));
  }
}

/** A row as its owners see it: without its secret. */
export const webhookOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  projectId: row.project_id,
  url: row.url,
  kinds: kindsOf(row) ?? null,
  state: row.state,
  reason: row.reason,
  failingSinceMs: row.failing_since_ms,
  userId: row.user_id,
  createdAtMs: row.created_at_ms,
});

/** Which kinds it carries; `undefined` is every kind. */
export const kindsOf = ({ kinds }: Pick<WebhookRow, "kinds">): string[] | undefined =>
  kinds === null ? undefined : (JSON.parse(kinds) as string[]);
