import { notFound, projectFilter, sees } from "../access/caller.ts";
import type { Caller, Scope } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseNamed } from "../access/named.ts";
import { commitLogged } from "../audit/commit.ts";
import type { Database } from "../database/database.ts";
import { GuardFailed, script } from "../database/script.ts";
import type { Binding, Statement } from "../database/script.ts";
import { CloudHostError } from "../errors.ts";
import type { Ids } from "../ids.ts";
import { sliceOf } from "../lists/slice.ts";
import { outboxEvent } from "../operations/outbox.ts";
import { Nothing } from "../parse.ts";
import type { Clock } from "../ports/clock.ts";
import type { WebhookCarrier } from "../ports/notifier.ts";
import { deliveryOf } from "./delivery-store.ts";
import type { DeliveryRow, DeliveryStore } from "./delivery-store.ts";
import { CreateWebhook, ListDeliveries, ListWebhooks, RotateSecret, UpdateWebhook } from "./model.ts";
import type { Webhook, WebhookDelivery, WebhookWithSecret } from "./model.ts";
import type { SecretBox } from "./secret-box.ts";
import { webhookOf, webhooksMost } from "./store.ts";
import type { WebhookRow, WebhookStore } from "./store.ts";
import { targetOf } from "./target.ts";

/** What {@link Webhooks} needs. */
export interface WebhooksDependencies {
  readonly database: Database;
  readonly webhooks: WebhookStore;
  readonly deliveries: DeliveryStore;
  readonly carrier: WebhookCarrier;
  readonly secrets: SecretBox;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * Subscriptions to events: each event is posted, signed, to an address, at least once and in its order. A project's
 * carry its own events; those that an operator makes outside any project carry every project's.
 */
export class Webhooks {
  readonly #caller: Caller;
  readonly #dependencies: WebhooksDependencies;

  constructor(caller: Caller, dependencies: WebhooksDependencies) {
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  /**
   * Subscribes an address to what happens from now on. The secret is in the answer, this once.
   * @throws CloudHostError `INVALID_ARGUMENT` also for an address that is not allowed, `EXHAUSTED` when the project has 20,
   * `UNSUPPORTED` for a cloud without `notifiers.webhook`
   * @example
   * const { id, secret } = await album.webhooks.create({ url: "https://tickets.example/hooks", kinds: ["server.*"] });
   */
  async create(input: CreateWebhook): Promise<WebhookWithSecret> {
    const asked = { schema: CreateWebhook, input, what: "a webhook" };
    return this.#caller.change("webhooks.create", asked, async (scope, { url, kinds, secret: given }) => {
      const { webhooks, carrier, secrets, ids, clock } = this.#dependencies;
      carrier.check(url);
      const id = ids.next("whk");
      const secret = given ?? secrets.make();
      const row = {
        id,
        project_id: scope.project?.id ?? null,
        user_id: scope.userId,
        url,
        kinds: kinds === undefined ? null : JSON.stringify(kinds),
        secret: secrets.seal(secret, id),
        created_at_ms: clock.nowMs(),
      };
      await this.#commit(id, ...webhooks.create(row), scope.accepted({ resources: [id] }));
      return { ...webhookOf(await this.#named(scope, id)), secret };
    });
  }

  /**
   * One subscription, without its secret.
   * @throws CloudHostError `NOT_FOUND`
   */
  async get(webhookId: string): Promise<Webhook> {
    return webhookOf(await this.#named(await this.#caller.may("webhooks.get"), webhookId));
  }

  /** Subscriptions of the project; for operators that act in none every project's, and those of the whole cloud. */
  list(input: ListWebhooks = {}): Listing<Webhook> {
    const asked = { permission: "webhooks.list", schema: ListWebhooks, what: "a list of webhooks" } as const;
    return listing(this.#caller, asked, input, async (scope, where, part) => {
      const { webhooks } = this.#dependencies;
      return sliceOf(await webhooks.find({ ...where, projectId: projectFilter(scope) }, part), webhookOf);
    });
  }

  /**
   * Changes a subscription's address or kinds. What is under way already goes to the new address too.
   * @throws CloudHostError `NOT_FOUND`, `INVALID_ARGUMENT`
   */
  async update(webhookId: string, input: UpdateWebhook): Promise<Webhook> {
    const asked = { schema: UpdateWebhook, input, what: "a webhook's changes", find: this.#finding(webhookId) };
    return this.#caller.change("webhooks.update", asked, async (scope, { url, kinds }, { id, project_id }) => {
      if (url !== undefined) this.#dependencies.carrier.check(url);
      const values: Record<string, Binding> = {
        ...(url === undefined ? {} : { url }),
        ...(kinds === undefined ? {} : { kinds: kinds === null ? null : JSON.stringify(kinds) }),
      };
      if (Object.keys(values).length > 0) {
        const line = scope.accepted({ resources: [id], projectId: project_id });
        await this.#commit(id, this.#dependencies.webhooks.update(id, values), line);
      }
      return webhookOf(await this.#named(scope, id));
    });
  }

  /**
   * Gives a subscription a new secret, in the answer this once. Messages are signed with both for a while, so that the
   * receiver can change over.
   * @throws CloudHostError `NOT_FOUND`, `INVALID_ARGUMENT`
   */
  async rotateSecret(webhookId: string, input: RotateSecret = {}): Promise<WebhookWithSecret> {
    const asked = { schema: RotateSecret, input, what: "a new secret", find: this.#finding(webhookId) };
    return this.#caller.change("webhooks.rotateSecret", asked, async (scope, { secret: given, overlapMs }, row) => {
      const { webhooks, secrets, clock } = this.#dependencies;
      const secret = given ?? secrets.make();
      const values = {
        secret: secrets.seal(secret, row.id),
        previous_secret: row.secret,
        previous_until_ms: clock.nowMs() + overlapMs,
      };
      const line = scope.accepted({ resources: [row.id], projectId: row.project_id });
      await this.#commit(row.id, webhooks.update(row.id, values), line);
      return { ...webhookOf(row), secret };
    });
  }

  /**
   * Carries to a suspended subscription again, and at once what waits for its next attempt.
   * @throws CloudHostError `NOT_FOUND`
   */
  async resume(webhookId: string): Promise<Webhook> {
    const asked = { schema: Nothing, input: {}, what: "options of resume", find: this.#finding(webhookId) };
    return this.#caller.change("webhooks.resume", asked, async (scope, _, row) => {
      const { database, webhooks, deliveries, clock } = this.#dependencies;
      const atMs = clock.nowMs();
      const resumed = outboxEvent(database.tables, {
        kind: "webhook.resumed",
        projectId: row.project_id,
        resourceId: row.id,
        actor: scope.userId,
        data: {},
        atMs,
      });
      const active = webhooks.update(row.id, { state: "active", reason: null, failing_since_ms: null });
      const line = scope.accepted({ resources: [row.id], projectId: row.project_id });
      await this.#commit(row.id, active, deliveries.hurry(row.id, atMs), resumed, line);
      return webhookOf(await this.#named(scope, row.id));
    });
  }

  /**
   * Ends a subscription. What is on its way to it is dropped.
   * @throws CloudHostError `NOT_FOUND`
   */
  async delete(webhookId: string): Promise<void> {
    const asked = { schema: Nothing, input: {}, what: "options of delete", find: this.#finding(webhookId) };
    await this.#caller.change("webhooks.delete", asked, async (scope, _, { id, project_id: projectId }) => {
      const line = scope.accepted({ resources: [id], projectId });
      await this.#commit(id, ...this.#dependencies.webhooks.delete(id), line);
    });
  }

  /**
   * Sends one message of kind `webhook.test` now, and resolves when the receiver has taken it.
   * @throws CloudHostError `NOT_FOUND`, `HOST_UNAVAILABLE` with what the receiver said
   */
  async test(webhookId: string): Promise<void> {
    const asked = { schema: Nothing, input: {}, what: "options of test", find: this.#finding(webhookId) };
    await this.#caller.change("webhooks.test", asked, async (_, __, row) => {
      const { carrier, secrets, ids, clock } = this.#dependencies;
      const atMs = clock.nowMs();
      await using notifier = carrier.open(targetOf(row, secrets, atMs));
      const notification = { id: ids.next("dlv"), kind: "webhook.test", atMs, data: { webhookId: row.id } };
      await clock.busy(() => notifier.notify(notification));
    });
  }

  /**
   * Events on their way, and those that arrived or were given up lately, the oldest first unless said otherwise.
   * @throws CloudHostError `NOT_FOUND` for an unknown webhook
   * @example
   * for await (const letter of album.webhooks.deliveries({ state: "dead" })) console.log(letter.kind, letter.reason);
   */
  deliveries(input: ListDeliveries = {}): Listing<WebhookDelivery> {
    const asked = { permission: "webhooks.deliveries", schema: ListDeliveries, what: "a list of deliveries" } as const;
    return listing(this.#caller, asked, input, async (scope, { webhook, ...where }, part) => {
      const webhookId = webhook === undefined ? undefined : (await this.#named(scope, webhook)).id;
      const found = { ...where, webhookId, projectId: projectFilter(scope) };
      return sliceOf(await this.#dependencies.deliveries.find(found, part), deliveryOf);
    });
  }

  /**
   * Sends a delivery that has ended once more, under the same id, before whatever came later.
   * @throws CloudHostError `NOT_FOUND`, `CONFLICT` for one that is still on its way
   */
  async redeliver(deliveryId: string): Promise<WebhookDelivery> {
    const { database, deliveries, clock } = this.#dependencies;
    const find = async (scope: Scope): Promise<DeliveryRow> => {
      const row = await deliveries.get(parseNamed("delivery", deliveryId));
      if (row === undefined || !sees(scope, row.project_id)) throw notFound("delivery", deliveryId);
      return row;
    };
    const asked = { schema: Nothing, input: {}, what: "options of redeliver", find };
    return this.#caller.change("webhooks.redeliver", asked, async (scope, _, row) => {
      const line = scope.accepted({ resources: [row.id, row.webhook_id], projectId: row.project_id });
      if (!(await commitLogged(database, deliveries.again(row.id, clock.nowMs()), line))) throw onItsWay();
      return deliveryOf((await deliveries.get(row.id)) ?? row);
    });
  }

  async #commit(id: string, ...statements: readonly Statement[]): Promise<void> {
    try {
      await this.#dependencies.database.run(script(...statements));
    } catch (error) {
      if (error instanceof GuardFailed) throw error.guard === "most" ? tooMany() : notFound("webhook", id);
      throw error;
    }
  }

  #finding(webhookId: string): (scope: Scope) => Promise<WebhookRow> {
    return (scope) => this.#named(scope, webhookId);
  }

  async #named(scope: Scope, webhookId: string): Promise<WebhookRow> {
    const row = await this.#dependencies.webhooks.get(parseNamed("webhook", webhookId));
    if (row === undefined || !sees(scope, row.project_id)) throw notFound("webhook", webhookId);
    return row;
  }
}

function onItsWay(): CloudHostError {
  const details = { state: "pending", allowed: ["delivered", "dead"] };
  return new CloudHostError("CONFLICT", "This delivery is still on its way.", details);
}

const tooMany = (): CloudHostError =>
  new CloudHostError("EXHAUSTED", `There are ${webhooksMost} webhooks already, as many as there may be.`, {
    resource: "webhooks",
  });
