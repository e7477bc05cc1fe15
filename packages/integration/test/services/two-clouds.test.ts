import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud, tokens } from "@cloudhost/core";
import type { BandwidthPolicy } from "@cloudhost/core";
import { amy, createTestCloud, olga } from "@cloudhost/testing";
import { filterScheduler } from "@cloudhost/scheduler";
import { Container } from "inversify";
import { describe, expect, it } from "vitest";
import { startChild } from "./children/start.ts";
import { ownPostgres } from "./over-databases.ts";
import { created, web } from "./web-server.ts";
import { withFolder } from "./with-folder.ts";

describe("two clouds of one process", () => {
  it("end with nothing left that keeps it alive", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "cloudhost-two-clouds-"));
    try {
      const databases = [`sqlite:${join(folder, "cloud.db")}`, await ownPostgres()];
      await using child = startChild<{ closedMs: number }>("two-clouds", { folder, databases });
      const { closedMs, ...said } = await child.said();
      expect(said).toEqual({
        names: ["web-0", "web-1"],
        refusals: Array(4).fill("CANCELLED"),
        handlers: [],
      });
      expect(await child.ended).toEqual({ code: 0, stderr: "" });
      expect(Date.now() - closedMs).toBeLessThan(2000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("have nothing in common", async () => {
    await using one = await createTestCloud({ hosts: 1 });
    await using other = await createTestCloud({ hosts: 1 });
    await created(one.as(amy));
    await one.as(olga).hosts.disable("host-1");
    await expect(other.as(amy).servers.get("web-1")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(created(other.as(amy))).resolves.toMatchObject({ name: "web-1" });
    await one.close();
    await expect(other.as(amy).servers.get("web-1")).resolves.toMatchObject({ state: "active" });
  });
});

describe("a closed cloud", () => {
  it("accepts nothing more, and closes as often as it is asked to", async () => {
    const cloud = await createTestCloud({ hosts: 1 });
    const album = cloud.as(amy);
    await Promise.all([cloud.close(), cloud.close()]);
    await cloud.close();
    const closed = { code: "CANCELLED" };
    await expect(album.servers.create(web)).rejects.toMatchObject(closed);
    await expect(cloud.as(olga).statistics.now()).rejects.toMatchObject(closed);
    await expect(album.servers.list().page()).rejects.toMatchObject(closed);
  });
});

describe("a product's container", () => {
  const policy: BandwidthPolicy = () => ({ internal: { rateKbit: 5, ceilKbit: 6 }, external: null });

  it("overrides what it has bound, and resolves everything else", async () => {
    const container = new Container();
    container.bind(tokens.bandwidthPolicy).toConstantValue(policy);
    const told: string[] = [];
    container.bind(tokens.onBoundary).toConstantValue((name) => void told.push(name));
    await using cloud = await createTestCloud({ hosts: 1, container });
    expect((await created(cloud.as(amy))).internal).toEqual({ rateKbit: 5, ceilKbit: 6 });
    expect(told).toContain("server.create do start: done");
    expect(container.get(tokens.hosts)).toBe(container.get(tokens.hosts));
  });

  it("may override a store or a service of ours", async () => {
    const container = new Container();
    const refused = new Error("no server may be planned");
    container.bind(tokens.planner).toConstantValue({ plan: () => Promise.reject(refused) } as never);
    await using cloud = await createTestCloud({ hosts: 1, container });
    await expect(cloud.as(amy).servers.create(web)).rejects.toThrow(refused);
  });

  it("may bring a database and an image store: none is opened in their stead, and they stay open", async () => {
    const theirs = new Container();
    await using cloud = await createTestCloud({ hosts: 1, container: theirs });
    await withFolder(async (folder) => {
      const container = new Container();
      container.bind(tokens.database).toConstantValue(theirs.get(tokens.database));
      container.bind(tokens.imageStore).toConstantValue(theirs.get(tokens.imageStore));
      const second = await createCloud({
        container,
        database: `sqlite:${join(folder, "never-made.db")}`,
        stateDir: join(folder, "state"),
        scheduler: filterScheduler(),
        images: { open: () => Promise.reject(new Error("never opened")) },
        runs: "api",
      });
      expect(await Array.fromAsync(second.as(olga).flavors.list())).not.toEqual([]);
      await second.close();
      expect(await readdir(folder)).toEqual(["state"]);
    });
    await expect(created(cloud.as(amy))).resolves.toMatchObject({ state: "active" });
  });

  it("is for one cloud", async () => {
    const container = new Container();
    await using cloud = await createTestCloud({ hosts: 1, container });
    const again = createCloud({
      container,
      database: "sqlite:never-made.db",
      scheduler: { openFleet: () => undefined as never },
      images: { open: () => undefined as never },
    });
    await expect(again).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { issues: [{ path: "container" }] },
    });
    expect(cloud.seed).toBeTypeOf("number");
  });
});
