import { describe, expect, it } from "vitest";
import { verifyWebhook } from "../../src/webhook/verify-webhook.ts";
import { webhookCarrier } from "../../src/webhook/webhook-carrier.ts";
import { Receiver, status } from "../receiver.ts";

const message = { id: "dlv_1", kind: "server.create.succeeded", atMs: 1, data: {} };
const secrets = ["0123456789abcdef", "fedcba9876543210"];
const allowPrivate = ["127.0.0.0/8"];

describe("a carrier of webhooks", () => {
  it("signs with each secret, so that a receiver of either takes it", async () => {
    await using receiver = await Receiver.open();
    await using notifier = webhookCarrier({ allowPrivate }).open({ url: receiver.url, secrets });
    await notifier.notify(message);
    const [received] = receiver.requests;
    const { headers = {}, body = "" } = received ?? {};
    for (const secret of secrets) expect(verifyWebhook({ headers, body, secret })).toEqual(message);
  });

  it("tries once, and says what the receiver said", async () => {
    await using receiver = await Receiver.open();
    receiver.answer = status(503);
    await using notifier = webhookCarrier({ allowPrivate }).open({ url: receiver.url, secrets });
    await expect(notifier.notify(message)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true });
    expect(receiver.requests).toHaveLength(1);
  });

  it("reaches no private network by an address, by a name or by a redirection", async () => {
    await using receiver = await Receiver.open();
    const carrier = webhookCarrier();
    expect(() => carrier.check(receiver.url)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => carrier.open({ url: receiver.url, secrets })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    const named = receiver.url.replace("127.0.0.1", "localhost");
    await using notifier = carrier.open({ url: named, secrets });
    await expect(notifier.notify(message)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      details: { reason: "localhost is within a network that webhooks may not reach" },
    });
    expect(receiver.requests).toEqual([]);
    receiver.answer = status(302, { location: "http://127.0.0.1:1/" });
    await using allowed = webhookCarrier({ allowPrivate }).open({ url: receiver.url, secrets });
    await expect(allowed.notify(message)).rejects.toMatchObject({ details: { reason: "it answers 302" } });
  });

  it("refuses what is no address, and no range", () => {
    for (const url of ["ftp://a.example", "tickets", "", "javascript:alert(1)"]) {
      expect(() => webhookCarrier().check(url)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
    expect(() => webhookCarrier({ allowPrivate: ["10.0.0.1"] })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
