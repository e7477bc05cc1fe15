import { CloudHostError, parseInput } from "@cloudhost/core/ports";
import type { WebhookCarrier } from "@cloudhost/core/ports";
import { AddressGuard } from "./address-guard.ts";
import { WebhookCarrierData, WebhookUrl } from "./options.ts";
import type { WebhookCarrierOptions } from "./options.ts";
import { openWebhook } from "./webhook-notifier.ts";

/**
 * Carries a cloud's webhooks to the addresses that its users name. Addresses of private networks, of this machine and of
 * link-local services are refused, also behind a name, at every connection. One attempt a message: the cloud tries again.
 *
 * @throws CloudHostError `INVALID_ARGUMENT`
 * @example
 * await using cloud = await createCloud({ database, scheduler, images, notifiers: { webhook: webhookCarrier() } });
 */
export function webhookCarrier({ clock, ...options }: WebhookCarrierOptions = {}): WebhookCarrier {
  const { allowPrivate, ...data } = parseInput(WebhookCarrierData, options, "a carrier of webhooks");
  const guard = new AddressGuard(allowPrivate);
  const check = (url: string): void => {
    parseInput(WebhookUrl, url, "a webhook's address");
    if (!guard.allowsHost(url)) throw refused(url);
  };
  return {
    check,
    open({ url, secrets }) {
      check(url);
      return openWebhook({ ...data, url, retries: 0 }, { secrets, lookup: guard.lookup, clock });
    },
  };
}

function refused(url: string): CloudHostError {
  const { hostname } = new URL(url);
  const issues = [{ path: "url", message: "within a network that webhooks may not reach" }];
  return new CloudHostError("INVALID_ARGUMENT", `Webhooks may not reach ${hostname}.`, { issues });
}
