import { isCloudHostError } from "@cloudhost/core";
import { fakeFleet } from "@cloudhost/driver-fake";
import { amy, olga } from "@cloudhost/testing";
import { expect, it } from "vitest";
import { all } from "./all.ts";
import { overDatabases } from "./over-databases.ts";
import { claimed, created } from "./web-server.ts";

const creators = 64;

overDatabases((open) => {
  it(
    "64 creators at once on a fleet that is nearly full: what fits is created, the rest is told why, never more",
    { timeout: 120_000 },
    async () => {
      // Two CPU models and two speeds, with memory for 7 small servers each.
      const cloud = await open({ hosts: fakeFleet({ hosts: 2, memoryMib: 10_000 }), busFaults: {} });
      const [album, ops] = [cloud.as(amy), cloud.as(olga)];
      await ops.quotas.set("album", { servers: -1, vcpus: -1, milliEcu: -1, memoryMib: -1 });
      const one = await created(album, { name: "first" });
      const hosts = await all(ops.hosts.list());
      const takesMib = (await claimed(cloud))["memoryMib"] ?? 0;
      const fits = hosts.reduce(
        (sum, { resources }) => sum + Math.floor((resources["memoryMib"]?.available ?? 0) / takesMib),
        0,
      );
      expect(fits).toBeGreaterThan(8);
      expect(fits).toBeLessThan(creators);

      const attempts = await Promise.allSettled(
        Array.from({ length: creators }, (_, index) => created(album, { name: `web-${index}` })),
      );

      expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(fits);
      const refused = attempts.flatMap((attempt) => (attempt.status === "rejected" ? [attempt.reason as unknown] : []));
      for (const error of refused) {
        if (!isCloudHostError(error, "NO_VALID_HOST")) throw error;
        const { explanation } = error.details;
        expect(explanation).toMatchObject({ hosts: 2, passed: 0 });
        const short = explanation.filters.find(({ filter }) => filter === "RamFilter");
        expect(short).toMatchObject({ refused: 2 });
        for (const { need, have } of short?.hosts ?? []) expect(Number(have)).toBeLessThan(Number(need));
      }
      const active = await all(ops.servers.list({ state: "active" }));
      expect(active).toHaveLength(fits + 1);
      expect(active.map(({ id }) => id)).toContain(one.id);
      expect((await claimed(cloud))["memoryMib"]).toBe((fits + 1) * takesMib);
      for (const { resources } of await all(ops.hosts.list())) {
        const { total = 0, used = 0 } = resources["memoryMib"] ?? {};
        expect(total - used).toBeGreaterThanOrEqual(0);
        expect(total - used).toBeLessThan(takesMib);
      }
      expect(await ops.hosts.auditUsage()).toEqual([]);
    },
  );
});
