/**
 * Carries what cloudhost has to tell: signed webhooks.
 *
 * @packageDocumentation
 */
export { webhookCarrier } from "./webhook/webhook-carrier.ts";
export { webhookNotifier } from "./webhook/webhook-notifier.ts";
export type { WebhookCarrierOptions, WebhookNotifierOptions } from "./webhook/options.ts";
export { verifyWebhook } from "./webhook/verify-webhook.ts";
export type { ReceivedWebhook } from "./webhook/verify-webhook.ts";
