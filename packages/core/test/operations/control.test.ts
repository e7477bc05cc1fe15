import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Database } from "../../src/database/database.ts";
import { defineOperation } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, final, retryable, testEngine, testOperation } from "../support/engine.ts";
import type { TestWorld } from "../support/engine.ts";

/** An operation whose second step hangs until it is cancelled, and then says how it ended. */
function hanging(database: Database, done: string[]) {
  const reached = Promise.withResolvers<void>();
  const definition = defineOperation("server.test", z.strictObject({}))
    .act("first", { run: async () => void done.push("first"), undo: async () => void done.push("undo first") })
    .act("second", {
      run: ({ transfer: { signal } }) =>
        new Promise<void>((_, reject) => {
          reached.resolve();
          signal?.addEventListener("abort", () => {
            done.push("second cancelled");
            reject(retryable);
          });
        }),
      undo: async () => void done.push("undo second"),
    })
    .failed((_, error) => count(database, error.code, 1));
  return { definition, reached: reached.promise };
}

/** An operation that is stuck at the undo of its first step. */
async function stuck(database: Database) {
  const faults = new Map([
    ["do two", { times: 1, error: final }],
    ["undo one", { times: 7, error: retryable }],
  ]);
  const world: TestWorld = { done: [], faults };
  const tested = testEngine(database, [testOperation(database, world)]);
  const { id } = await tested.submit({ size: 3 });
  await tested.engine.ended(id);
  return { id, world, ...tested };
}

const eventsOf = (database: Database) =>
  database.all<{ kind: string; data: string }>(database.read(database.tables.outbox).orderBy("id"));

overDatabases((open) => {
  describe("a cancel", () => {
    it("ends the step under way, waits for its end, and takes everything back", async () => {
      const [database, done] = [await open(), [] as string[]];
      const { definition, reached } = hanging(database, done);
      const { engine, submit, shown, row } = testEngine(database, [definition]);
      const { id } = await submit({});
      await reached;
      expect(await shown(id)).toMatchObject({ cancellable: true, cancelledAtMs: null });
      await engine.control.cancel(await row(id));
      expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
      expect(done).toEqual(["first", "second cancelled", "undo second", "undo first"]);
      expect(await counted(database, "CANCELLED")).toBe(1);
      expect(await shown(id)).toMatchObject({ cancellable: false, cancelledAtMs: expect.any(Number) as number });
      await engine.control.cancel(await row(id));
      await engine.close(1000);
    });

    it("reaches an operation that another process runs", async () => {
      const [database, done] = [await open(), [] as string[]];
      const { definition, reached } = hanging(database, done);
      const runner = testEngine(database, [definition], { leaseMs: 300 });
      const api = testEngine(database, [definition], { runs: false });
      await runner.engine.start();
      const { id } = await runner.submit({});
      await reached;
      await api.engine.control.cancel(await api.row(id));
      expect(await api.engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
      expect(done).toEqual(["first", "second cancelled", "undo second", "undo first"]);
      await runner.engine.close(1000);
    });

    it("takes effect between two steps, also where the step under way was done meanwhile", async () => {
      const [database, done] = [await open(), [] as string[]];
      const asked = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const definition = defineOperation("server.test", z.strictObject({}))
        .act("deaf", {
          run: async () => {
            reached.resolve();
            await asked.promise;
          },
          undo: async () => void done.push("undo deaf"),
        })
        .record("last", { write: () => [count(database, "last", 1)] })
        .failed(() => count(database, "failed", 1));
      const { engine, submit, row } = testEngine(database, [definition]);
      const other = testEngine(database, [definition], { runs: false });
      const { id } = await submit({});
      await reached.promise;
      await other.engine.control.cancel(await row(id));
      asked.resolve();
      expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
      expect(done).toEqual(["undo deaf"]);
      expect([await counted(database, "last"), await counted(database, "failed")]).toEqual([0, 1]);
      await engine.close(1000);
    });

    it("is refused past the point of no return, while it is taken back, and at the end", async () => {
      const database = await open();
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const definition = defineOperation("server.delete", z.strictObject({}))
        .pointOfNoReturn()
        .act("gone", {
          run: async () => {
            reached.resolve();
            await goOn.promise;
          },
        })
        .failed(() => count(database, "failed", 1));
      const { engine, submit, row } = testEngine(database, [definition]);
      const { id } = await submit({});
      await reached.promise;
      await expect(engine.control.cancel(await row(id))).rejects.toMatchObject({
        code: "CONFLICT",
        details: { state: "past its point of no return", allowed: ["running"] },
      });
      goOn.resolve();
      expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
      await expect(engine.control.cancel(await row(id))).rejects.toMatchObject({ details: { state: "succeeded" } });
      await engine.close(1000);
      const other = await stuck(database);
      const refused = other.engine.control.cancel(await other.row(other.id));
      await expect(refused).rejects.toMatchObject({ code: "CONFLICT", details: { state: "stuck" } });
      await other.engine.close(1000);
    });
  });

  describe("a stuck operation", () => {
    it("says at which step, with what error, and after how many attempts", async () => {
      const database = await open();
      const { id, engine, shown } = await stuck(database);
      expect(await shown(id)).toMatchObject({
        state: "stuck",
        step: "one",
        error: { code: "CONFLICT" },
        stuck: { error: { code: "HOST_UNAVAILABLE" }, attempts: 7 },
      });
      const [event] = await eventsOf(database);
      expect(event?.kind).toBe("server.test.stuck");
      expect(JSON.parse(event?.data ?? "")).toMatchObject({
        operationId: id,
        code: "CONFLICT",
        step: "one",
        direction: "undo",
        attempts: 7,
        error: { code: "HOST_UNAVAILABLE" },
      });
      await engine.close(1000);
    });

    it("is retried from where it stopped, its attempts counted anew", async () => {
      const database = await open();
      const { id, engine, world, row } = await stuck(database);
      world.done.length = 0;
      world.faults.set("undo one", { times: 6, error: retryable });
      await engine.control.retry(await row(id), { userId: "amy" });
      expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
      expect(world.done).toEqual([...Array<string>(6).fill("undo one failed"), "undo one"]);
      expect([await counted(database, "claimed"), await counted(database, "failed")]).toEqual([0, 1]);
      const kinds = (await eventsOf(database)).map(({ kind }) => kind);
      expect(kinds).toEqual(["server.test.stuck", "server.test.retried", "server.test.failed"]);
      const again = engine.control.retry(await row(id), { userId: "amy" });
      await expect(again).rejects.toMatchObject({ code: "CONFLICT", details: { state: "failed", allowed: ["stuck"] } });
      await engine.close(1000);
    });

    it("is abandoned with what was not taken back in its record, once", async () => {
      const database = await open();
      const { id, engine, shown, row } = await stuck(database);
      const before = await row(id);
      await engine.control.abandon(before, { userId: "olga", reason: "the host burned down" });
      expect(await shown(id)).toMatchObject({
        state: "failed",
        error: { code: "CONFLICT" },
        stuck: { attempts: 7 },
        abandoned: { reason: "the host burned down", userId: "olga", leftOver: ["claim", "one"] },
      });
      expect([await counted(database, "claimed"), await counted(database, "failed")]).toEqual([3, 1]);
      expect(await engine.ended(id)).toMatchObject({ state: "failed" });
      const again = engine.control.abandon(before, { userId: "olga", reason: "again" });
      await expect(again).rejects.toMatchObject({ code: "CONFLICT", details: { state: "failed" } });
      expect((await eventsOf(database)).map(({ kind }) => kind)).toEqual(["server.test.stuck", "server.test.failed"]);
      await engine.close(1000);
    });

    it("is not abandoned while somebody runs it", async () => {
      const [database, done] = [await open(), [] as string[]];
      const { definition, reached } = hanging(database, done);
      const { engine, submit, row } = testEngine(database, [definition]);
      const { id } = await submit({});
      await reached;
      const refused = engine.control.abandon(await row(id), { userId: "olga", reason: "too slow" });
      await expect(refused).rejects.toMatchObject({ code: "CONFLICT", details: { state: "running" } });
      await engine.close(0);
      expect(await counted(database, "CANCELLED")).toBe(0);
    });
  });
});
