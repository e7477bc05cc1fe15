import type { NamedLease } from "../database/named-lease.ts";
import type { Database } from "../database/database.ts";
import { script } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import { outboxEvent } from "../operations/outbox.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Notifier, WebhookCarrier } from "../ports/notifier.ts";
import { pauseMs } from "./back-off.ts";
import type { DeliveryRow, DeliveryStore } from "./delivery-store.ts";
import type { WebhookFanOut } from "./fan-out.ts";
import type { WebhookSettings } from "./model.ts";
import type { SecretBox } from "./secret-box.ts";
import { targetOf } from "./target.ts";
import type { WebhookRow, WebhookStore } from "./store.ts";

/** What {@link WebhookCourier} needs. */
export interface CourierDependencies {
  readonly database: Database;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly fanOut: WebhookFanOut;
  readonly carrier: WebhookCarrier;
  readonly secrets: SecretBox;
  readonly lease: NamedLease;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: WebhookSettings;
}

/**
 * Carries events to subscriptions: at least once, each under an id of its own, to one subscription in the outbox's
 * order. While a receiver cannot take anything, what comes later waits behind it; what it refuses for good becomes a
 * dead letter at once and holds nobody up.
 */
export class WebhookCourier implements AsyncDisposable {
  readonly #dependencies: CourierDependencies;
  readonly #closing = new AbortController();
  /** Subscriptions that are being carried to: a slow receiver holds up only itself. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(dependencies: CourierDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts to carry all that is due. Takes no input; one process at a time does the work. */
  async reconcile(): Promise<void> {
    const { webhooks, lease, fanOut, clock } = this.#dependencies;
    const rows = await webhooks.all();
    if (rows.length === 0 || !(await lease.take())) return;
    await fanOut.run();
    for (const row of rows.filter(({ id, state }) => state === "active" && !this.#underWay.has(id))) {
      const carried = clock
        .busy(() => this.#carry(row))
        .catch((err: unknown) => this.#dependencies.logger.error({ err, webhook: row.id }, "a webhook is held up"))
        .finally(() => this.#underWay.delete(row.id));
      this.#underWay.set(row.id, carried);
    }
  }

  /** Gives up what has waited or was kept for too long. Takes no input. */
  async prune(): Promise<void> {
    const { database, deliveries, clock, settings } = this.#dependencies;
    const nowMs = clock.nowMs();
    await database.run(deliveries.prune(nowMs - settings.keptMs, nowMs));
  }

  /** Cancels what is under way: it is carried again at the next start, under the same id. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay.values());
    await this.#dependencies.lease.release();
  }

  async #carry(webhook: WebhookRow): Promise<void> {
    const { deliveries, carrier, secrets, clock } = this.#dependencies;
    let head = await deliveries.head(webhook.id);
    if (head === undefined || head.next_at_ms > clock.nowMs()) return;
    await using notifier = carrier.open(targetOf(webhook, secrets, clock.nowMs()));
    while (head !== undefined && head.next_at_ms <= clock.nowMs() && !this.#closing.signal.aborted) {
      const goesOn = await this.#attempt(webhook, head, notifier);
      head = goesOn ? await deliveries.head(webhook.id) : undefined;
    }
  }

  /** One attempt. Gives whether the next may follow. */
  async #attempt(webhook: WebhookRow, row: DeliveryRow, notifier: Notifier): Promise<boolean> {
    const { database, deliveries, webhooks, clock } = this.#dependencies;
    const data = JSON.parse(row.data) as Record<string, unknown>;
    try {
      await notifier.notify({ id: row.id, kind: row.kind, atMs: row.event_at_ms, data }, this.#closing.signal);
    } catch (error) {
      if (isCloudHostError(error, "CANCELLED")) return false;
      return this.#refused(webhook, row, error);
    }
    const endedAtMs = clock.nowMs();
    const taken = deliveries.tried(row, { state: "delivered", nextAtMs: endedAtMs, endedAtMs, reason: null });
    await database.run(script(taken, webhooks.healthy(webhook.id)));
    return true;
  }

  async #refused(webhook: WebhookRow, row: DeliveryRow, error: unknown): Promise<boolean> {
    const { database, deliveries, webhooks, clock, settings, logger } = this.#dependencies;
    const nowMs = clock.nowMs();
    const attempts = row.attempts + 1;
    const reason = error instanceof Error ? error.message : String(error);
    const passing = error instanceof CloudHostError ? error.retryable : true;
    const dead = !passing || attempts >= settings.attemptsMost;
    logger.warn({ webhook: webhook.id, delivery: row.id, attempts, reason, dead }, "a webhook was not taken");
    const { failing_since_ms: sinceMs } = (await webhooks.get(webhook.id)) ?? webhook;
    const suspended = sinceMs !== null && nowMs - sinceMs >= settings.suspendAfterMs;
    await database.run(
      script(
        deliveries.tried(row, {
          state: dead ? "dead" : "pending",
          nextAtMs: nowMs + pauseMs(row.id, attempts, settings),
          endedAtMs: dead ? nowMs : null,
          reason,
        }),
        webhooks.failing(webhook.id, sinceMs ?? nowMs, reason, suspended),
        ...(dead
          ? [this.#event(webhook, "webhook.delivery.dead", { delivery: row.id, kind: row.kind, reason }, nowMs)]
          : []),
        ...(suspended ? [this.#event(webhook, "webhook.suspended", { sinceMs, reason }, nowMs)] : []),
      ),
    );
    return dead && !suspended;
  }

  #event(webhook: WebhookRow, kind: string, data: Readonly<Record<string, unknown>>, atMs: number): Statement {
    return outboxEvent(this.#dependencies.database.tables, {
      kind,
      projectId: webhook.project_id,
      resourceId: webhook.id,
      actor: webhook.user_id,
      data,
      atMs,
    });
  }
}
