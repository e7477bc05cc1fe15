import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GuardFailed, script } from "../../src/database/script.ts";
import type { Database } from "../../src/database/database.ts";
import { quotaNames } from "../../src/quotas/model.ts";
import type { QuotaName } from "../../src/quotas/model.ts";
import type { QuotaNeeds } from "../../src/quotas/store.ts";
import { overDatabases } from "../support/databases.ts";
import { testFleet } from "../support/fleet.ts";

const limit = 10;
const limits = Object.fromEntries(quotaNames.map((name) => [name, limit]));

/** Some quotas, each with a change of its use. */
const deltas = (min: number, max: number): fc.Arbitrary<QuotaNeeds> =>
  fc.dictionary(fc.constantFrom(...quotaNames), fc.integer({ min, max }), { maxKeys: 4 });

overDatabases((open) => {
  const setUp = async () => {
    const database = await open();
    const { quotas, projects, project } = await testFleet(database, { hosts: 0, limits });
    const used = async (): Promise<Record<string, number>> =>
      Object.fromEntries((await quotas.use(project.id)).map((use) => [use.quota, use.used]));
    const change = (needs: QuotaNeeds): Promise<boolean> => held(database, script(quotas.change(project.id, needs)));
    return { database, quotas, projects, project, used, change };
  };

  describe("the use of quotas", () => {
    it("is what a simple model says, whatever is taken and given back", async () => {
      const { used, change } = await setUp();
      const model = new Map<QuotaName, number>(quotaNames.map((name) => [name, 0]));
      await fc.assert(
        fc.asyncProperty(deltas(-6, 6), async (needs) => {
          const asked = Object.entries(needs) as [QuotaName, number][];
          // Giving back more than was taken is a fault of the caller's, which the table refuses by a CHECK.
          fc.pre(asked.every(([name, delta]) => (model.get(name) ?? 0) + delta >= 0));
          const fits = asked.every(([name, delta]) => delta <= 0 || (model.get(name) ?? 0) + delta <= limit);
          expect(await change(needs)).toBe(fits);
          if (fits) for (const [name, delta] of asked) model.set(name, (model.get(name) ?? 0) + delta);
          expect(await used()).toEqual(Object.fromEntries(model));
        }),
        { numRuns: 60 },
      );
    });

    it("is never over its limit and never lost, however many take and give back at once", async () => {
      const { used, change } = await setUp();
      const sequences = fc.sample(fc.array(deltas(1, 4), { minLength: 5, maxLength: 5 }), 16);
      const kept = await Promise.all(
        sequences.map(async (sequence) => {
          const mine: QuotaNeeds[] = [];
          for (const [index, needs] of sequence.entries()) {
            if (await change(needs)) mine.push(needs);
            const given = (index % 2 === 1 ? mine.pop() : undefined) ?? {};
            expect(await change(negative(given))).toBe(true);
            expect(Math.max(...Object.values(await used()))).toBeLessThanOrEqual(limit);
          }
          return mine;
        }),
      );
      const sums = Object.fromEntries(
        quotaNames.map((name) => [name, kept.flat().reduce((sum, needs) => sum + (needs[name] ?? 0), 0)]),
      );
      expect(await used()).toEqual(sums);
    });

    it("may be given back when a limit lies below it by now, and not grow", async () => {
      const { database, quotas, project, used, change } = await setUp();
      await change({ servers: 8, vcpus: 8 });
      await database.run(quotas.setLimits(project.id, { servers: 2 }));
      expect(await change({ servers: 1 })).toBe(false);
      expect(await change({ servers: -3, vcpus: 1 })).toBe(true);
      expect(await change({ servers: 1, vcpus: -1 })).toBe(false);
      expect(await used()).toMatchObject({ servers: 5, vcpus: 9 });
    });

    it("does not grow in a suspended project, but may shrink", async () => {
      const { database, quotas, projects, project, change } = await setUp();
      await change({ servers: 2 });
      await database.run(script(projects.setState(project.id, "suspended")));
      expect(await change({ servers: 1 })).toBe(false);
      expect(await quotas.shortage(project.id, { servers: 1 })).toMatchObject({
        code: "CONFLICT",
        details: { state: "suspended", allowed: ["active"] },
      });
      expect(await change({ servers: -1 })).toBe(true);
    });
  });

  it("raises limits, and lowers none", async () => {
    const { database, quotas, project } = await setUp();
    await database.run(quotas.setLimits(project.id, { servers: 50, vcpus: -1 }));
    const asked = { servers: 20, vcpus: 20, milliEcu: 5_000_000_000, memoryMib: -1 };
    await database.run(script(quotas.raiseLimits(project.id, asked)));
    const now = Object.fromEntries((await quotas.use(project.id)).map((use) => [use.quota, use.limit]));
    expect(now).toMatchObject({ servers: 50, vcpus: -1, milliEcu: 5_000_000_000, memoryMib: -1, diskGib: limit });
  });
});

const negative = (needs: QuotaNeeds): QuotaNeeds =>
  Object.fromEntries(Object.entries(needs).map(([name, need]) => [name, -need]));

/** Whether the guards of a script held. */
async function held(database: Database, change: Parameters<Database["run"]>[0]): Promise<boolean> {
  try {
    await database.run(change);
    return true;
  } catch (error) {
    if (error instanceof GuardFailed) return false;
    throw error;
  }
}
