import { CloudHostError } from "../errors.ts";
import type { WebhookCarrier } from "../ports/notifier.ts";

const unsupported = (): never => {
  const details = { feature: "webhooks", by: "a cloud without notifiers.webhook" };
  throw new CloudHostError("UNSUPPORTED", "This cloud was opened without notifiers.webhook: it carries none.", details);
};

/** What a cloud has that was given nothing to carry webhooks with. */
export const noCarrier: WebhookCarrier = { check: unsupported, open: unsupported };
