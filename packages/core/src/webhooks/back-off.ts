import { createHash } from "node:crypto";
import type { WebhookSettings } from "./model.ts";

/**
 * How long to wait before the next attempt, in milliseconds: twice as long each time, less up to half of it, so that
 * what failed together is not tried again together. What is less goes by the delivery's id: the same again each time.
 *
 * @param attempts how often it was tried
 */
export function pauseMs(
  deliveryId: string,
  attempts: number,
  { firstPauseMs, longestPauseMs }: Pick<WebhookSettings, "firstPauseMs" | "longestPauseMs">,
): number {
  const whole = Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs);
  const chance = createHash("sha256").update(`${deliveryId}:${attempts}`).digest().readUInt32BE() / 2 ** 32;
  return Math.round(whole * (1 - chance / 2));
}
