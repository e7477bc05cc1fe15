import { createHmac } from "node:crypto";
import { VirtualClock } from "@cloudhost/core/ports";
import type { Notification, Notifier } from "@cloudhost/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { webhookNotifier } from "../../src/index.ts";
import type { WebhookNotifierOptions } from "../../src/index.ts";
import { Receiver, status } from "../receiver.ts";

const secret = "0123456789abcdef";
const notification: Notification = { id: "evt-1", kind: "server.active", atMs: 5, data: { name: "web-1" } };

let opened: AsyncDisposableStack;
let receiver: Receiver;
beforeEach(async () => {
  opened = new AsyncDisposableStack();
  receiver = opened.use(await Receiver.open());
});
afterEach(() => opened.disposeAsync());

const open = (options: Partial<WebhookNotifierOptions> = {}): Notifier =>
  opened.use(webhookNotifier({ url: receiver.url, longestPauseMs: 1, ...options }));

describe("a webhook's message", () => {
  it("is JSON with its id and time in its headers", async () => {
    const clock = new VirtualClock(1_767_225_600_999);
    await open({ clock, headers: { authorization: "Bearer x" } }).notify(notification);
    expect(receiver.requests).toMatchObject([
      {
        method: "POST",
        path: "/hook",
        headers: {
          "content-type": "application/json",
          authorization: "Bearer x",
          "webhook-id": "evt-1",
          "webhook-timestamp": "1767225600",
        },
        body: JSON.stringify(notification),
      },
    ]);
    expect(receiver.requests[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it("is signed over id, timestamp and body", async () => {
    await open({ secret, clock: new VirtualClock(2000) }).notify(notification);
    const expected = createHmac("sha256", secret)
      .update(`evt-1.2.${JSON.stringify(notification)}`)
      .digest("base64");
    expect(receiver.requests[0]?.headers["webhook-signature"]).toBe(`v1,${expected}`);
  });

  it("takes a secret as base64", async () => {
    const key = Buffer.from("a key of many bytes, with \0 in it");
    await open({ secret: `whsec_${key.toString("base64")}`, clock: new VirtualClock(2000) }).notify(notification);
    const expected = createHmac("sha256", key)
      .update(`evt-1.2.${JSON.stringify(notification)}`)
      .digest("base64");
    expect(receiver.requests[0]?.headers["webhook-signature"]).toBe(`v1,${expected}`);
  });

  it("is signed anew when it is tried again, under the same id", async () => {
    let nowMs = 2000;
    receiver.answer = (response) => {
      nowMs = 12_000;
      receiver.answer = status(200);
      response.writeHead(503).end();
    };
    await open({ secret, clock: { nowMs: () => nowMs } }).notify(notification);
    const sent = receiver.requests.map(({ headers }) => headers);
    expect(sent.map((headers) => headers["webhook-id"])).toEqual(["evt-1", "evt-1"]);
    expect(sent.map((headers) => headers["webhook-timestamp"])).toEqual(["2", "12"]);
    expect(new Set(sent.map((headers) => headers["webhook-signature"])).size).toBe(2);
  });
});

describe("a webhook that is answered", () => {
  it.each([200, 201, 202, 204])("%i has been taken", async (code) => {
    receiver.answer = status(code);
    await expect(open().notify(notification)).resolves.toBeUndefined();
  });

  it.each([408, 425, 429, 500, 502, 503, 504])("%i is tried again, then told as retryable", async (code) => {
    receiver.answer = status(code);
    await expect(open({ retries: 2 }).notify(notification)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: true,
      details: { host: new URL(receiver.url).host, reason: `it answers ${code}` },
    });
    expect(receiver.requests).toHaveLength(3);
  });

  it.each([304, 400, 401, 403, 404, 405, 410, 413, 422, 501])("%i is not tried again", async (code) => {
    receiver.answer = status(code);
    await expect(open().notify(notification)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE", retryable: false });
    expect(receiver.requests).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])("%i does not go elsewhere", async (code) => {
    const elsewhere = opened.use(await Receiver.open());
    receiver.answer = status(code, { location: elsewhere.url });
    await expect(open({ secret }).notify(notification)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: false,
      details: { reason: `it answers ${code}` },
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it("later than it wants to wait, as the answer asks, is left to the caller", async () => {
    receiver.answer = status(503, { "retry-after": "3600" });
    await expect(open().notify(notification)).rejects.toMatchObject({ retryable: true });
    expect(receiver.requests).toHaveLength(1);
  });

  it("without end is given up", async () => {
    receiver.answer = (response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536)));
        response.once("drain", more);
      };
      more();
    };
    await expect(open({ retries: 0 }).notify(notification)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
  });
});

describe("a webhook that is not answered", () => {
  it("is tried again when the connection breaks", async () => {
    receiver.answer = (response) => {
      receiver.answer = status(204);
      response.destroy();
    };
    await open().notify(notification);
    expect(receiver.requests).toHaveLength(2);
  });

  it("says why", async () => {
    const notifier = open({ retries: 0 });
    await receiver[Symbol.asyncDispose]();
    await expect(notifier.notify(notification)).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: true,
      details: { reason: expect.stringContaining("ECONNREFUSED") as string },
    });
  });
});

describe("webhookNotifier", () => {
  it.each([
    [{ url: "ftp://example.org/" }, "url"],
    [{ url: "tickets.example/hook" }, "url"],
    [{ secret: "short" }, "secret"],
    [{ timeoutMs: 0 }, "timeoutMs"],
    [{ retries: -1 }, "retries"],
    [{ retry: 1 }, ""],
  ])("refuses %j", (options: object, path) => {
    expect(() => open(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        details: { issues: [expect.objectContaining({ path }) as object] },
      }) as Error,
    );
  });

  it("keeps what may be secret out of its name and errors", async () => {
    receiver.answer = status(404);
    const url = receiver.url.replace("http://", "http://user:hunter2@").concat("/T0KEN?key=hunter3");
    const notifier = open({ url, secret });
    const refusal: unknown = await notifier.notify(notification).catch((error: unknown) => error);
    const told = `${notifier.name} ${JSON.stringify(refusal)} ${String((refusal as Error).stack)}`;
    expect(told).not.toMatch(/hunter|T0KEN|0123456789abcdef/);
  });
});
