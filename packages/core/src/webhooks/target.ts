import type { WebhookTarget } from "../ports/notifier.ts";
import type { SecretBox } from "./secret-box.ts";
import type { WebhookRow } from "./store.ts";

/** Where a subscription's messages go, signed with the old secret too while that is still good. */
export function targetOf(row: WebhookRow, secrets: SecretBox, nowMs: number): WebhookTarget {
  const { id, url, secret, previous_secret: previous, previous_until_ms: untilMs } = row;
  const both = previous !== null && untilMs !== null && untilMs > nowMs ? [secret, previous] : [secret];
  return { url, secrets: both.map((sealed) => secrets.open(sealed, id)) };
}
