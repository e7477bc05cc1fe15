import { z } from "zod";
import { EventKinds } from "../events/model.ts";
import { idOf } from "../ids.ts";
import { byCreation, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, NameOrId } from "../names.ts";

const Url = z.string().min(1).max(2048);

/** 16 to 255 printable characters; `whsec_` and base64 as other senders of the specification have them. */
export const WebhookSecret = z.string().regex(/^[\x21-\x7e]{16,255}$/, "not 16 to 255 printable characters");

/** `suspended` after its receiver took nothing for long: what happens is kept, and told after `resume`. */
export const WebhookState = z.enum(["active", "suspended"]);
export type WebhookState = z.infer<typeof WebhookState>;

/** A subscription: events of a project, or of the whole cloud, that are posted to an address. */
export const Webhook = z.strictObject({
  id: idOf("whk"),
  /** Whose events it carries; `null` carries every project's. */
  projectId: idOf("prj").nullable(),
  url: Url,
  /** `null` carries every kind. */
  kinds: EventKinds.nullable(),
  state: WebhookState,
  /** Why its receiver does not take what it is sent; `null` when it does. */
  reason: z.string().nullable(),
  failingSinceMs: z.int().nullable(),
  /** Who made it. */
  userId: z.string(),
  createdAtMs: z.int(),
});
export type Webhook = z.infer<typeof Webhook>;

/** A subscription with its secret, which is shown only when it is new. */
export interface WebhookWithSecret extends Webhook {
  /** What messages are signed with. */
  readonly secret: string;
}

/** Which subscriptions to list, in which order: what is said must all hold. */
export const ListWebhooks = pageBy(["createdAt"]).extend({
  state: WebhookState.optional(),
  /** Who made it. */
  userId: Label.optional(),
});
export type ListWebhooks = z.input<typeof ListWebhooks>;

/** A subscription to make. */
export const CreateWebhook = z.strictObject({
  /** `https://…`, or `http://…` where nobody listens in between. */
  url: Url,
  /** `server.create.succeeded`, or `server.*`. @defaultValue every kind but `webhook.*` */
  kinds: EventKinds.optional(),
  /** @defaultValue a random one of 32 bytes */
  secret: WebhookSecret.optional(),
});
export type CreateWebhook = z.input<typeof CreateWebhook>;

/** What of a subscription changes; it goes on for what happens from then on. */
export const UpdateWebhook = z.strictObject({
  url: Url.optional(),
  /** `null` for every kind. */
  kinds: EventKinds.nullable().optional(),
});
export type UpdateWebhook = z.input<typeof UpdateWebhook>;

/** How a secret is changed. */
export const RotateSecret = z.strictObject({
  /** @defaultValue a random one of 32 bytes */
  secret: WebhookSecret.optional(),
  /** How long messages are signed with the old one too, in ms, at most 30 days. @defaultValue 86,400,000: a day */
  overlapMs: z.int().min(0).max(2_592_000_000).default(86_400_000),
});
export type RotateSecret = z.input<typeof RotateSecret>;

/** `dead` was refused for good, or too often: it is not tried again unless somebody asks for it. */
export const DeliveryState = z.enum(["pending", "delivered", "dead"]);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** One event on its way to one subscription. */
export const WebhookDelivery = z.strictObject({
  /** The message's id: the same at every attempt, so that the receiver knows a repeat. */
  id: idOf("dlv"),
  webhookId: idOf("whk"),
  projectId: idOf("prj").nullable(),
  /** The event's. */
  kind: z.string(),
  cursor: z.int(),
  resourceId: z.string(),
  state: DeliveryState,
  attempts: z.int(),
  /** When it is tried next; `null` once it has ended. */
  nextAtMs: z.int().nullable(),
  /** Why it was not taken last. */
  reason: z.string().nullable(),
  createdAtMs: z.int(),
  endedAtMs: z.int().nullable(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

/** Which deliveries to list, in which order: what is said must all hold. */
export const ListDeliveries = pageBy(["createdAt"]).extend({
  ...byCreation,
  webhook: NameOrId.optional(),
  state: oneOrMore(DeliveryState).optional(),
  /** The event's. */
  kind: NameOrId.max(40).optional(),
});
export type ListDeliveries = z.input<typeof ListDeliveries>;

/** How webhooks are tried again, and when not any more. */
export const WebhookSettings = z.strictObject({
  /** After so many attempts a delivery is a dead letter. @defaultValue 12 */
  attemptsMost: z.int().min(1).max(100).default(12),
  /** The first pause, in ms; each is twice the one before, less up to half by chance. @defaultValue 5,000 */
  firstPauseMs: z.int().min(1).max(3_600_000).default(5000),
  /** The longest pause, in ms. @defaultValue 3,600,000: an hour */
  longestPauseMs: z.int().min(1).max(86_400_000).default(3_600_000),
  /** A subscription whose receiver takes nothing for so long, in ms, is suspended. @defaultValue 86,400,000: a day */
  suspendAfterMs: z.int().min(1).default(86_400_000),
  /** How long a delivery is kept after its end, and before, in ms. @defaultValue 604,800,000: 7 days */
  keptMs: z.int().min(60_000).default(604_800_000),
  /** 32 bytes in base64: secrets are encrypted with it in the database (AES-256-GCM). @defaultValue they are not */
  secretKey: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, "not 32 bytes in base64")
    .optional(),
});
export type WebhookSettings = z.infer<typeof WebhookSettings>;
