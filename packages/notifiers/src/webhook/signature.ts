import { createHmac, timingSafeEqual } from "node:crypto";

/** The headers of a message. They and the signature follow the specification "Standard Webhooks". */
export const headerNames = {
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signature: "webhook-signature",
} as const;

/** What a signature covers: a message cannot be sent again later, or under another id, and stay valid. */
export interface SignedMessage {
  readonly id: string;
  /** Epoch seconds. */
  readonly timestamp: number;
  /** As it is sent, byte for byte. */
  readonly body: string;
}

/** HMAC-SHA256 over id, timestamp and body: `v1,` and base64. */
export function signatureOf({ id, timestamp, body }: SignedMessage, secret: string): string {
  return `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

/**
 * Whether one of the signatures is this message's.
 * @param signatures several when the secret is being changed, with spaces between
 */
export function isSigned(message: SignedMessage, signatures: string, secret: string): boolean {
  const expected = Buffer.from(signatureOf(message, secret));
  return signatures
    .split(" ")
    .map((signature) => Buffer.from(signature))
    .some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

const base64Prefix = "whsec_";

const keyOf = (secret: string): Buffer =>
  secret.startsWith(base64Prefix) ? Buffer.from(secret.slice(base64Prefix.length), "base64") : Buffer.from(secret);
