import { VirtualClock } from "@cloudhost/core/ports";
import type { Notification } from "@cloudhost/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyWebhook, webhookNotifier } from "../../src/index.ts";
import type { ReceivedWebhook } from "../../src/index.ts";
import { Receiver } from "../receiver.ts";

const secret = "0123456789abcdef";
const notification: Notification = { id: "evt-1", kind: "server.active", atMs: 5, data: { name: "web-1" } };
const clock = new VirtualClock();

let receiver: Receiver;
let sent: ReceivedWebhook;
beforeEach(async () => {
  receiver = await Receiver.open();
  await using notifier = webhookNotifier({ url: receiver.url, secret, clock });
  await notifier.notify(notification);
  const [{ headers, body } = { headers: {}, body: "" }] = receiver.requests;
  sent = { headers, body, secret, clock };
});
afterEach(() => receiver[Symbol.asyncDispose]());

const withHeader = (name: string, value: string): ReceivedWebhook => ({
  ...sent,
  headers: { ...sent.headers, [name]: value },
});

describe("verifyWebhook", () => {
  it("reads what a notifier sent", () => {
    expect(verifyWebhook(sent)).toEqual(notification);
  });

  it("takes one of several signatures, while secrets are changed", () => {
    const signature = `v1,${"A".repeat(43)}= ${String(sent.headers["webhook-signature"])}`;
    expect(verifyWebhook(withHeader("webhook-signature", signature))).toEqual(notification);
  });

  it("refuses another secret", () => {
    expect(() => verifyWebhook({ ...sent, secret: "fedcba9876543210" })).toThrow("webhook-signature");
  });

  it.each([
    ["another body", () => ({ ...sent, body: sent.body.replace("web-1", "web-2") }), "webhook-signature"],
    ["another id", () => withHeader("webhook-id", "evt-2"), "webhook-signature"],
    ["another time", () => withHeader("webhook-timestamp", "1767225601"), "webhook-signature"],
    ["no signature", () => withHeader("webhook-signature", ""), "webhook-signature"],
    ["no time", () => withHeader("webhook-timestamp", "soon"), "webhook-signature"],
    ["no headers", () => ({ ...sent, headers: {} }), "webhook-id"],
  ])("refuses %s", (_, received, path) => {
    expect(() => verifyWebhook(received())).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: { issues: [expect.objectContaining({ path }) as object] },
      }) as Error,
    );
  });

  it.each([-301_000, 301_000])("refuses one that is %i ms from now", (ms) => {
    const then = new VirtualClock(clock.nowMs() + ms);
    expect(() => verifyWebhook({ ...sent, clock: then })).toThrow("webhook-timestamp");
    expect(verifyWebhook({ ...sent, clock: then, toleranceMs: 400_000 })).toEqual(notification);
  });
});
