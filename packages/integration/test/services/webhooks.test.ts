import { systemClock } from "@cloudhost/core";
import type { ActorCloud, Clock, WebhookDelivery } from "@cloudhost/core";
import { webhookCarrier } from "@cloudhost/notifiers";
import { amy, olga } from "@cloudhost/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import type { OpenCloud } from "./over-databases.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

const soon = { timeout: 20_000, interval: 20 };

const system = systemClock();
/** The machine's time, but what looks every second looks twenty times a second. */
const eager: Clock = {
  ...system,
  every: (periodMs, task, onError) => system.every(periodMs / 20, task, onError),
};

/** A cloud that carries webhooks to this machine, and a receiver that is subscribed. */
async function subscribed(open: OpenCloud, webhooks: object = {}, more: { readonly kinds?: string[] } = {}) {
  const receiver = await WebhookReceiver.open();
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  const cloud = await open({
    hosts: 1,
    clock: eager as never,
    notifiers: { webhook: webhookCarrier({ allowPrivate: ["127.0.0.0/8"], timeoutMs: 400 }) },
    webhooks: { firstPauseMs: 50, longestPauseMs: 200, ...webhooks },
  });
  const album = cloud.as(amy);
  const webhook = await album.webhooks.create({ url: receiver.url, ...more });
  receiver.secret = webhook.secret;
  return { cloud, album, receiver, webhook };
}

/** Something that happens: what is imported fails at once, since there is no such file. */
async function happen(album: ActorCloud, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const path = "/nonexistent/disk.raw";
    await (await album.images.import({ name: "none", path })).result().catch(() => {});
  }
}
const deliveries = (album: ActorCloud): Promise<WebhookDelivery[]> => all(album.webhooks.deliveries());

overDatabases((open) => {
  describe("a webhook", () => {
    it("carries the project's events in their order, signed, once each", async () => {
      const { cloud, album, receiver, webhook } = await subscribed(open);
      await happen(album, 3);
      await happen(cloud.as({ userId: "olga", projectId: "album", roles: ["operator"] }));
      await expect.poll(() => receiver.messages.length, soon).toBe(4);
      const told = await all(album.webhooks.deliveries({ webhook: webhook.id }));
      expect(receiver.messages.map(({ id }) => id)).toEqual(told.map(({ id }) => id));
      const cursors = receiver.messages.map(({ data }) => Number(data["cursor"]));
      expect(cursors).toEqual(cursors.toSorted((a, b) => a - b));
      expect(receiver.messages[0]).toMatchObject({
        kind: "image.import.failed",
        data: { projectId: webhook.projectId, userId: "amy" },
      });
      await expect
        .poll(async () => (await deliveries(album)).map(({ state }) => state), soon)
        .toEqual(Array(4).fill("delivered"));
      expect(receiver.faults).toEqual([]);
    });

    it("carries only the kinds that were asked for, and can be changed, and ends", async () => {
      const { album, receiver, webhook } = await subscribed(open, {}, { kinds: ["server.*"] });
      await happen(album);
      await album.webhooks.update(webhook.id, { kinds: null });
      expect(await album.webhooks.get(webhook.id)).toMatchObject({ kinds: null, state: "active" });
      await happen(album);
      await expect.poll(() => receiver.messages.length, soon).toBeGreaterThan(0);
      await album.webhooks.delete(webhook.id);
      await expect(album.webhooks.get(webhook.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(await all(album.webhooks.list())).toEqual([]);
    });

    it("is tried again, under the same id, when its receiver fails or says nothing, and keeps the order", async () => {
      const { album, receiver } = await subscribed(open);
      const answers: (number | "nothing")[] = [500, "nothing", 503];
      receiver.answer = () => answers.shift() ?? 204;
      await happen(album, 2);
      await expect.poll(() => receiver.messages.length, soon).toBe(5);
      const [first] = receiver.messages;
      const ids = receiver.messages.map(({ id }) => id);
      expect(ids.slice(0, 4)).toEqual(Array(4).fill(first?.id));
      expect(ids[4]).not.toBe(first?.id);
      await expect
        .poll(async () => (await deliveries(album))[0], soon)
        .toMatchObject({
          state: "delivered",
          attempts: 4,
          reason: null,
        });
      expect(await all(album.webhooks.list())).toMatchObject([{ state: "active", reason: null, failingSinceMs: null }]);
    });

    it("becomes a dead letter that is seen, and can be sent again", async () => {
      const { cloud, album, receiver, webhook } = await subscribed(open, { attemptsMost: 3 });
      receiver.answer = () => 500;
      await happen(album);
      const dead = (): Promise<WebhookDelivery[]> => all(album.webhooks.deliveries({ state: "dead" }));
      await expect.poll(async () => (await dead()).length, soon).toBe(1);
      const [letter] = await dead();
      expect(letter).toMatchObject({ attempts: 3, nextAtMs: null });
      expect(letter?.reason).toContain("it answers 500");
      for await (const event of cloud.as(olga).events({ kinds: ["webhook.*"] })) {
        expect(event).toMatchObject({ kind: "webhook.delivery.dead", resourceId: webhook.id });
        break;
      }
      receiver.answer = () => 204;
      expect(await album.webhooks.redeliver(letter?.id ?? "")).toMatchObject({ state: "pending", attempts: 0 });
      await expect.poll(async () => (await deliveries(album))[0]?.state, soon).toBe("delivered");
      expect(new Set(receiver.messages.map(({ id }) => id))).toEqual(new Set([letter?.id]));
    });

    it("that is refused for good is dead at once, and holds nobody up", async () => {
      const { album, receiver } = await subscribed(open);
      let first = "";
      receiver.answer = ({ id }) => ((first ||= id) === id ? 400 : 204);
      await happen(album, 2);
      await expect
        .poll(async () => (await deliveries(album)).map(({ state }) => state), soon)
        .toEqual(["dead", "delivered"]);
      expect(receiver.messages).toHaveLength(2);
    });

    it("is suspended when its receiver takes nothing for long, and goes on where it was", async () => {
      const { album, receiver, webhook } = await subscribed(open, { suspendAfterMs: 100 });
      receiver.answer = () => 503;
      await happen(album);
      await expect.poll(async () => (await album.webhooks.get(webhook.id)).state, soon).toBe("suspended");
      expect((await album.webhooks.get(webhook.id)).reason).toContain("it answers 503");
      for await (const event of album.events({ kinds: ["webhook.suspended"] })) {
        expect(event).toMatchObject({ resourceId: webhook.id });
        break;
      }
      await happen(album);
      receiver.answer = () => 204;
      const before = receiver.messages.length;
      expect(await album.webhooks.resume(webhook.id)).toMatchObject({ state: "active", failingSinceMs: null });
      await expect.poll(() => receiver.messages.length, soon).toBe(before + 2);
    });

    it("is signed with both secrets while one is changed for the other", async () => {
      const { album, receiver, webhook } = await subscribed(open);
      const { secret } = await album.webhooks.rotateSecret(webhook.id);
      expect(secret).not.toBe(webhook.secret);
      await album.webhooks.test(webhook.id);
      receiver.secret = secret;
      await album.webhooks.test(webhook.id);
      expect(receiver.kinds).toEqual(["webhook.test", "webhook.test"]);
      const { secret: last } = await album.webhooks.rotateSecret(webhook.id, { overlapMs: 0 });
      await expect(album.webhooks.test(webhook.id)).rejects.toMatchObject({ code: "HOST_UNAVAILABLE" });
      receiver.secret = last;
      await album.webhooks.test(webhook.id);
      expect(await album.webhooks.get(webhook.id)).not.toHaveProperty("secret");
    });

    it("does not go into a private network, and there are no more than 20", async () => {
      const { album } = await subscribed(open);
      for (const url of ["http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest", "ftp://a.example"]) {
        await expect(album.webhooks.create({ url })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
      const url = "https://tickets.example/hooks";
      await Promise.all(Array.from({ length: 19 }, () => album.webhooks.create({ url })));
      await expect(album.webhooks.create({ url })).rejects.toMatchObject({ code: "EXHAUSTED" });
    });
  });

  describe("an operator's webhook", () => {
    it("carries every project's events, and is no project's to see", async () => {
      const { cloud, album, receiver, webhook } = await subscribed(open);
      await album.webhooks.delete(webhook.id);
      const everything = await cloud.as(olga).webhooks.create({ url: receiver.url, kinds: ["image.*"] });
      receiver.secret = everything.secret;
      expect(everything.projectId).toBeNull();
      await expect(album.webhooks.get(everything.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await happen(album);
      await expect.poll(() => receiver.kinds, soon).toEqual(["image.import.failed"]);
      expect(await deliveries(album)).toEqual([]);
    });
  });

  describe("a cloud without notifiers", () => {
    it("says that it carries no webhooks", async () => {
      const album = (await open({ hosts: 1 })).as(amy);
      await expect(album.webhooks.create({ url: "https://a.example" })).rejects.toMatchObject({ code: "UNSUPPORTED" });
    });
  });
});
