import type { Clock } from "@cloudhost/core/ports";
import { z } from "zod";

/** Shorter ones could be guessed. */
export const WebhookSecret = z.string().min(16, "shorter than 16 characters");

/** Where messages go. */
export const WebhookUrl = z.url({ protocol: /^https?$/, error: "not http://… or https://…" });

/** The options of a webhook that are data. */
export const WebhookOptions = z.strictObject({
  url: WebhookUrl,
  secret: WebhookSecret.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  timeoutMs: z.int().min(1).max(600_000).default(10_000),
  retries: z.int().min(0).max(10).default(2),
  longestPauseMs: z.int().min(0).max(60_000).default(5000),
});
export type WebhookOptions = z.infer<typeof WebhookOptions>;

/** What a webhook is made of. */
export interface WebhookNotifierOptions {
  /** `https://…`, or `http://…` where nobody listens in between. */
  readonly url: string;
  /**
   * Known to the receiver too, who can then tell that a message is ours: 16 characters at least, or `whsec_` and base64.
   * @defaultValue messages are not signed
   */
  readonly secret?: string;
  /** Sent along, for a receiver who wants a token. @defaultValue `{}` */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one attempt may take, in ms. @defaultValue 10,000 */
  readonly timeoutMs?: number;
  /** How often it is tried again, where trying again may help. @defaultValue 2 */
  readonly retries?: number;
  /** The longest pause before it is tried again, in ms; the first is 1 s, the next 2 s. @defaultValue 5,000 */
  readonly longestPauseMs?: number;
  /** Stamps messages. @defaultValue the system's */
  readonly clock?: Pick<Clock, "nowMs">;
}

/** The options of a carrier that are data. */
export const WebhookCarrierData = z.strictObject({
  allowPrivate: z.array(z.union([z.cidrv4(), z.cidrv6()], { error: "not a range such as 10.1.0.0/16" })).default([]),
  headers: z.record(z.string(), z.string()).default({}),
  timeoutMs: z.int().min(1).max(600_000).default(10_000),
});

/** What a carrier of webhooks is made of. */
export interface WebhookCarrierOptions {
  /**
   * Ranges of private networks that webhooks may reach all the same: `["10.1.0.0/16"]`.
   * @defaultValue none
   */
  readonly allowPrivate?: readonly string[];
  /** Sent along with each message. @defaultValue `{}` */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long one attempt may take, in ms. @defaultValue 10,000 */
  readonly timeoutMs?: number;
  /** Stamps messages. @defaultValue the system's */
  readonly clock?: Pick<Clock, "nowMs">;
}
