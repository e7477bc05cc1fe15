import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud, systemClock } from "@cloudhost/core";
import { fakeFleet, xeonE52650 } from "@cloudhost/driver-fake";
import { imageStore, memoryBackend } from "@cloudhost/image-store";
import { filterScheduler } from "@cloudhost/scheduler";
import { describe, expect, it } from "vitest";
import { all } from "./all.ts";
import type { ClaimReport, ClaimTask } from "./children/claimer.ts";
import { startChild } from "./children/start.ts";
import { ownPostgres } from "./over-databases.ts";

const processes = 4;
const claimers = 64;
/** Each host has 60 EUCU, and each claim takes 1. */
const hosts = 3;
const eachHost = 60;
const limit = 40;

describe.each(["sqlite", "postgres"] as const)("64 claimers in 4 processes on one database, on %s", (dialect) => {
  it("fill hosts and quotas exactly, and never over", { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), "cloudhost-claimers-"));
    try {
      const database = dialect === "sqlite" ? `sqlite:${join(folder, "cloud.db")}` : await ownPostgres();
      await using cloud = await createCloud({
        database,
        stateDir: folder,
        scheduler: filterScheduler(),
        images: imageStore({ backend: memoryBackend(systemClock()) }),
        hosts: fakeFleet({ hosts, cpuModels: [xeonE52650] }),
      });
      const ops = cloud.as({ userId: "olga", roles: ["operator"] });
      const rich = await ops.projects.create({ name: "rich" });
      const poor = await ops.projects.create({ name: "poor" });
      await ops.quotas.set("rich", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 });
      await ops.quotas.set("poor", { servers: limit });
      const task: ClaimTask = {
        database,
        stateDir: folder,
        hostIds: (await all(ops.hosts.list())).map(({ id }) => id),
        projectIds: [poor.id, rich.id],
        claimers: claimers / processes,
        tries: 8,
      };

      await using children = new AsyncDisposableStack();
      const started = Array.from({ length: processes }, () =>
        children.use(startChild<ClaimReport | { ready: true }>("claimer", task)),
      );
      await Promise.all(started.map((child) => child.said()));
      const beganMs = Date.now();
      for (const child of started) child.tell({ begin: true });
      const reports = (await Promise.all(started.map((child) => child.said()))) as ClaimReport[];
      const tookMs = Date.now() - beganMs;

      const taken = reports.reduce((sum, report) => sum + report.taken, 0);
      const refused = reports.flatMap((report) => Object.entries(report.refused));
      process.stdout.write(
        `${dialect}: ${claimers * task.tries} claims by ${claimers} claimers in ${tookMs} ms, ${taken} taken\n`,
      );
      expect(taken).toBe(hosts * eachHost);
      expect(taken + refused.reduce((sum, [, count]) => sum + count, 0)).toBe(claimers * task.tries);
      expect(new Set(refused.map(([guard]) => guard))).toEqual(new Set(["host", "quota"]));
      for await (const { resources } of ops.hosts.list()) {
        expect(resources["milliEcu"]).toEqual({ total: eachHost * 1000, used: eachHost * 1000, available: 0 });
      }
      const uses = async (projectId: string) =>
        (await cloud.as({ userId: "amy", projectId, roles: ["member"] }).quotas.get())[0];
      expect(await uses(poor.id)).toMatchObject({ quota: "servers", used: limit, available: 0 });
      expect(await uses(rich.id)).toMatchObject({ used: hosts * eachHost - limit });
      expect((await ops.statistics.now()).servers).toBe(taken);
      for (const child of started) expect(await child.ended).toEqual({ code: 0, stderr: "" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
