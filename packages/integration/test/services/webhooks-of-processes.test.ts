import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud, systemClock } from "@cloudhost/core";
import type { Cloud } from "@cloudhost/core";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { webhookCarrier } from "@cloudhost/notifiers";
import { filterScheduler } from "@cloudhost/scheduler";
import { describe, expect, it, onTestFinished } from "vitest";
import { all } from "./all.ts";
import { ownPostgres } from "./over-databases.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

const soon = { timeout: 20_000, interval: 50 };
const albumOf = (cloud: Cloud) => cloud.as({ userId: "amy", projectId: "album", roles: ["member"] });

describe.each(["sqlite", "postgres"] as const)("webhooks of processes on one %s", (dialect) => {
  /** Opens clouds that stand for processes, on one database, with a project. */
  async function setUp() {
    const folder = await mkdtemp(join(tmpdir(), "cloudhost-webhooks-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const receiver = await WebhookReceiver.open();
    onTestFinished(() => receiver[Symbol.asyncDispose]());
    const database = dialect === "sqlite" ? `sqlite:${join(folder, "cloud.db")}` : await ownPostgres();
    const open = async (): Promise<Cloud> => {
      const cloud = await createCloud({
        database,
        stateDir: folder,
        scheduler: filterScheduler(),
        images: imageStore({ backend: memoryBackend(systemClock()) }),
        notifiers: { webhook: webhookCarrier({ allowPrivate: ["127.0.0.0/8"], timeoutMs: 500 }) },
        webhooks: { firstPauseMs: 20, longestPauseMs: 100, secretKey: Buffer.alloc(32, 5).toString("base64") },
        leaseMs: 500,
      });
      onTestFinished(() => cloud.close());
      return cloud;
    };
    const first = await open();
    await first.as({ userId: "olga", roles: ["operator"] }).projects.create({ name: "album" });
    receiver.secret = (await albumOf(first).webhooks.create({ url: receiver.url })).secret;
    return { open, first, receiver };
  }
  /** Something that happens: what is imported fails, since there is no such file. */
  async function happen(cloud: Cloud): Promise<void> {
    const path = "/nonexistent/disk.raw";
    await (await albumOf(cloud).images.import({ name: "none", path })).result().catch(() => {});
  }

  it("survive a restart: what was not taken before arrives after, under the same id", async () => {
    const { open, first, receiver } = await setUp();
    receiver.answer = () => "nothing";
    await happen(first);
    await expect.poll(() => receiver.messages.length, soon).toBeGreaterThan(0);
    await first.close();
    const before = receiver.messages.length;
    receiver.answer = () => 204;
    const second = await open();
    await expect.poll(() => receiver.messages.length, soon).toBe(before + 1);
    expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1);
    await expect.poll(async () => (await all(albumOf(second).webhooks.deliveries()))[0]?.state, soon).toBe("delivered");
    expect(receiver.faults).toEqual([]);
  });

  it("arrive once each from two, also when one of them ends", async () => {
    const { open, first, receiver } = await setUp();
    const second = await open();
    for (let time = 0; time < 5; time += 1) await Promise.all([happen(first), happen(second)]);
    await expect.poll(() => receiver.messages.length, soon).toBe(10);
    await first.close();
    await happen(second);
    await expect.poll(() => receiver.messages.length, soon).toBe(11);
    const cursors = receiver.messages.map(({ data }) => Number(data["cursor"]));
    expect(cursors).toEqual([...new Set(cursors)].toSorted((a, b) => a - b));
  });
});
