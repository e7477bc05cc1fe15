import { CloudHostError, parseInput, systemClock } from "@cloudhost/core/ports";
import type { Clock, Notification } from "@cloudhost/core/ports";
import { Message } from "./message.ts";
import { WebhookSecret } from "./options.ts";
import { headerNames, isSigned } from "./signature.ts";

/** A request as its receiver has it. */
export interface ReceivedWebhook {
  /** As Node's `request.headers` has them: names in lowercase. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** As it came, byte for byte: before anything parsed it. */
  readonly body: string;
  /** The sender's. */
  readonly secret: string;
  /** How far the sender's clock and ours may be apart, the way included, in ms. @defaultValue 300,000 */
  readonly toleranceMs?: number;
  /** @defaultValue the system's */
  readonly clock?: Pick<Clock, "nowMs">;
}

/**
 * Reads a message of {@link webhookNotifier}: for those who receive them in Node. The same id twice is the same
 * message: whoever counts on each being one remembers ids.
 *
 * @throws CloudHostError `INVALID_ARGUMENT` when it is not signed with the secret, too old, from the future, or no
 * notification
 */
export function verifyWebhook({ headers, body, secret, ...options }: ReceivedWebhook): Notification {
  const { toleranceMs = 300_000, clock = systemClock() } = options;
  const id = header(headers, headerNames.id);
  const timestamp = Number(header(headers, headerNames.timestamp));
  const signed = isSigned({ id, timestamp, body }, header(headers, headerNames.signature), parseSecret(secret));
  if (!signed) throw invalid(headerNames.signature, "not signed with this secret");
  if (Math.abs(clock.nowMs() - timestamp * 1000) > toleranceMs) {
    throw invalid(headerNames.timestamp, `more than ${toleranceMs} ms from now`);
  }
  const message = parseInput(Message, parseJson(body), "a notification");
  if (message.id !== id) throw invalid(headerNames.id, "another than the message's");
  return message;
}

const parseSecret = (secret: string): string => parseInput(WebhookSecret, secret, "a webhook's secret");

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw invalid("body", "not JSON");
  }
}

function header(headers: ReceivedWebhook["headers"], name: string): string {
  const value = headers[name];
  if (typeof value !== "string" || value === "") throw invalid(name, "missing");
  return value;
}

const invalid = (path: string, message: string): CloudHostError =>
  new CloudHostError("INVALID_ARGUMENT", `This is no webhook of ours: ${path} is ${message}.`, {
    issues: [{ path, message }],
  });
