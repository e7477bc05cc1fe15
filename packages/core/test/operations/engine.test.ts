import { lastValueFrom, toArray } from "rxjs";
import { expect, it } from "vitest";
import { z } from "zod";
import { guarded, script } from "../../src/database/script.ts";
import { CloudHostError } from "../../src/errors.ts";
import { defineOperation } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, final, retryable, testEngine, testOperation } from "../support/engine.ts";
import type { TestWorld } from "../support/engine.ts";

overDatabases((open) => {
  const prepared = async (faults: Record<string, { times: number; error: CloudHostError }> = {}) => {
    const database = await open();
    const world: TestWorld = { done: [], faults: new Map(Object.entries(faults)) };
    const definition = testOperation(database, world);
    return { database, world, definition, ...testEngine(database, [definition]) };
  };

  it("takes the steps in order, with what earlier ones returned, and tells how far it is", async () => {
    const { database, world, engine, submit } = await prepared();
    const { id } = await submit({ size: 3 });
    const progress = await lastValueFrom(engine.watch(id).pipe(toArray()));
    expect(await engine.ended(id)).toEqual({ state: "succeeded", error: undefined });
    expect(world.done).toEqual(["do one", "do two", "two saw made and 7"]);
    expect(await counted(database, "claimed")).toBe(3);
    expect(await counted(database, "finished")).toBe(1);
    expect(progress.at(-1)).toEqual({ operationId: id, state: "succeeded", step: "finish", percent: 100 });
    expect(progress.map(({ percent }) => percent)).toEqual(
      progress.map(({ percent }) => percent).toSorted((a, b) => a - b),
    );
    await engine.close(1000);
  });

  it("takes back what was done, beginning at the step that failed", async () => {
    const { database, world, engine, submit } = await prepared({ "do two": { times: 9, error: final } });
    const { id } = await submit({ size: 3 });
    expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
    expect(world.done).toEqual(["do one", "do two failed", "undo two", "undo one"]);
    expect(await counted(database, "claimed")).toBe(0);
    expect(await counted(database, "mark undo")).toBe(1);
    expect(await counted(database, "failed")).toBe(1);
    await engine.close(1000);
  });

  it("tries a step again when its error says that it may help, and gives up after three times", async () => {
    const twice = await prepared({ "do one": { times: 2, error: retryable } });
    const first = await twice.submit({ size: 1 });
    expect(await twice.engine.ended(first.id)).toMatchObject({ state: "succeeded" });
    await twice.engine.close(1000);
    const always = await prepared({ "do one": { times: 99, error: retryable } });
    const second = await always.submit({ size: 1 });
    expect(await always.engine.ended(second.id)).toMatchObject({
      state: "failed",
      error: { code: "HOST_UNAVAILABLE" },
    });
    expect(always.world.done).toEqual(["do one failed", "do one failed", "do one failed", "undo one"]);
    await always.engine.close(1000);
  });

  it("has nothing to take back of a guest that is gone, or never was", async () => {
    const { world, engine, submit } = await prepared({
      "do two": { times: 1, error: final },
      "undo two": { times: 99, error: new CloudHostError("GUEST_NOT_FOUND", "no", { guestId: "srv" }) },
    });
    const { id } = await submit({ size: 3 });
    expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
    expect(world.done).toEqual(["do one", "do two failed", "undo two failed", "undo one"]);
    await engine.close(1000);
  });

  it("is stuck, and says so, when what was done cannot be taken back", async () => {
    const { database, engine, submit } = await prepared({
      "do two": { times: 1, error: final },
      "undo one": { times: 99, error: retryable },
    });
    const { id } = await submit({ size: 3 });
    expect(await engine.ended(id)).toMatchObject({ state: "stuck", error: { code: "CONFLICT" } });
    expect(await counted(database, "claimed")).toBe(3);
    const events = await database.all<{ kind: string }>(database.read(database.tables.outbox));
    expect(events.map(({ kind }) => kind)).toEqual(["server.test.stuck"]);
    await engine.close(1000);
  });

  it("gives the same operation for the same key and request, and refuses another request", async () => {
    const { engine, submit, world } = await prepared();
    const both = await Promise.all([
      submit({ size: 1 }, { idempotencyKey: "k" }),
      submit({ size: 1 }, { idempotencyKey: "k" }),
    ]);
    expect(both[0]?.id).toBe(both[1]?.id);
    await engine.ended(both[0]?.id ?? "");
    const again = await submit({ size: 1 }, { idempotencyKey: "k", request: { size: 1 } });
    expect(again.id).toBe(both[0]?.id);
    const other = submit({ size: 2 }, { idempotencyKey: "k" });
    await expect(other).rejects.toMatchObject({
      code: "IDEMPOTENCY_MISMATCH",
      details: { key: "k", operationId: again.id },
    });
    expect(world.done.filter((step) => step === "do one")).toHaveLength(1);
    await engine.close(1000);
  });

  it("gives the operation of the same key also to who was refused because of it", async () => {
    const { database, engine, definition } = await prepared();
    const { engine: other } = testEngine(database, [definition]);
    const one = (of: typeof engine) =>
      of.submit({
        definition,
        projectId: "prj_x",
        actor: { userId: "amy" },
        resourceId: "srv_x",
        hostId: undefined,
        idempotencyKey: "once",
        request: { size: 1 },
        input: { size: 1 },
        statements: () => [
          guarded(
            "state",
            `INSERT INTO ${database.tables.counters} (name, value) VALUES ('taken', 1) ON CONFLICT DO NOTHING`,
          ),
        ],
        refused: async () => final,
      });
    const [first, second] = await Promise.all([one(engine), one(other)]);
    expect(first.id).toBe(second.id);
    await engine.close(1000);
    await other.close(1000);
  });

  it("knows a key for seven days, also of operations of no project", async () => {
    const database = await open();
    const world: TestWorld = { done: [], faults: new Map() };
    const definition = testOperation(database, world);
    const { engine } = testEngine(database, [definition], { runs: false });
    const ask = (size: number, key: string) =>
      engine.submit({
        definition,
        projectId: null,
        actor: { userId: "olga" },
        resourceId: "img_x",
        hostId: undefined,
        idempotencyKey: key,
        request: { size },
        input: { size },
        statements: () => [],
        refused: async () => final,
      });
    const both = await Promise.all([ask(1, "weekly"), ask(1, "weekly")]);
    expect(both[0].id).toBe(both[1].id);
    await expect(ask(2, "weekly")).rejects.toMatchObject({ code: "IDEMPOTENCY_MISMATCH" });
    const age = (days: number) =>
      database.write(database.tables.operations).update({ created_at_ms: Date.now() - days * 86_400_000 });
    await age(6.9);
    expect((await ask(1, "weekly")).id).toBe(both[0].id);
    await age(7.1);
    expect((await ask(2, "weekly")).id).not.toBe(both[0].id);
    await engine.close(0);
  });

  it("goes on with an operation whose runner is gone, from where its journal says", async () => {
    const { database, world, definition, engine } = await prepared();
    const reached = Promise.withResolvers<void>();
    world.hang = { step: "do two", reached: reached.resolve };
    const dying = testEngine(database, [definition]);
    const { id } = await dying.submit({ size: 3 });
    await reached.promise;
    await dying.engine.close(0);
    delete world.hang;
    world.done.length = 0;
    await engine.start();
    expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.done).toEqual(["do two", "two saw made and 7"]);
    expect(await counted(database, "claimed")).toBe(3);
    await engine.close(1000);
  });

  it("lets a runner that lost its lease change nothing", async () => {
    const database = await open();
    const [reached, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const definition = defineOperation("server.test", z.strictObject({ size: z.int() }))
      .act("slow", {
        run: async () => {
          reached.resolve();
          await goOn.promise;
        },
      })
      .record("finish", { write: () => [{ ...count(database, "finished", 1), result: undefined }] })
      .failed(() => count(database, "failed", 1));
    const { engine, submit } = testEngine(database, [definition]);
    const { id } = await submit({ size: 3 });
    await reached.promise;
    await database.write(database.tables.operations).where({ id }).update({ owner: "own_other", epoch: 1_000_000 });
    goOn.resolve();
    await engine.close(1000);
    const row = await database.first<{ state: string; owner: string }>(
      database.read(database.tables.operations).where({ id }),
    );
    expect(row).toMatchObject({ state: "running", owner: "own_other" });
    expect([await counted(database, "finished"), await counted(database, "failed")]).toEqual([0, 0]);
  });

  it("tries the next alternative when a guard refuses one, and decides anew when none is left", async () => {
    const database = await open();
    const guard = (name: string) => ({
      ...script(
        guarded("room", `UPDATE ${database.tables.counters} SET value = value - 1 WHERE name = ? AND value > 0`, [
          name,
        ]),
      ),
      result: { place: name },
      refused: async () => "next" as const,
    });
    let decided = 0;
    const definition = defineOperation("server.place", z.strictObject({}))
      .decide("place", () => {
        decided += 1;
        return { places: decided === 1 ? ["full", "also-full"] : ["full", "free"] };
      })
      .record("take", { write: ({ places }) => places.map(guard) })
      .failed(() => count(database, "failed", 1));
    for (const name of ["full", "also-full"]) await database.run(count(database, name, 0));
    await database.run(count(database, "free", 1));
    const { engine, submit } = testEngine(database, [definition]);
    const { id } = await submit({});
    expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(decided).toBe(2);
    expect(await counted(database, "free")).toBe(0);
    const row = await database.first<{ context: string }>(database.read(database.tables.operations).where({ id }));
    expect(JSON.parse(row?.context ?? "{}")).toMatchObject({ place: "free" });
    await engine.close(1000);
  });

  it("accepts operations that another process runs", async () => {
    const { definition, database, engine: runner, world } = await prepared();
    const api = testEngine(database, [definition], { runs: false });
    const { id } = await api.submit({ size: 1 });
    expect(world.done).toEqual([]);
    const ended = api.engine.ended(id);
    await runner.start();
    expect(await ended).toMatchObject({ state: "succeeded" });
    expect(world.done).toContain("do two");
    await api.engine.close(10);
    await runner.close(1000);
  });

  it("leaves what it could not finish to others when it closes, and cancels nothing", async () => {
    const database = await open();
    const reached = Promise.withResolvers<void>();
    const definition = defineOperation("server.test", z.strictObject({ size: z.int() }))
      .act("wait", {
        run: () => {
          reached.resolve();
          return new Promise<void>(() => {});
        },
      })
      .failed(() => count(database, "failed", 1));
    const { engine, submit } = testEngine(database, [definition]);
    const { id } = await submit({ size: 1 });
    await reached.promise;
    await engine.close(0);
    const row = await database.first<{ state: string; lease_until_ms: number }>(
      database.read(database.tables.operations).where({ id }),
    );
    expect(row).toMatchObject({ state: "running", lease_until_ms: 0 });
    expect(await counted(database, "failed")).toBe(0);
  });

  it("takes nothing back when the store is in trouble, and goes on when that is over", async () => {
    const { database, world, definition } = await prepared();
    let trouble = true;
    const shaky = Object.assign(Object.create(database) as typeof database, {
      run: (written: Parameters<typeof database.run>[0]) => {
        const writes = written.statements.some(({ sql }) => sql.includes("SET state"));
        if (writes && trouble) return Promise.reject(Object.assign(new Error("busy"), { code: "08006" }));
        return database.run(written);
      },
      isTrouble: (error: unknown) => (error as { code?: string }).code === "08006",
      all: database.all.bind(database),
      first: database.first.bind(database),
      leaseNow: database.leaseNow.bind(database),
    });
    const { engine, submit } = testEngine(shaky, [definition], { leaseMs: 100 });
    const { id } = await submit({ size: 1 });
    await expect.poll(() => world.done).toEqual([]);
    trouble = false;
    await engine.start();
    expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.done.filter((step) => step.startsWith("undo"))).toEqual([]);
    await engine.close(1000);
  });
});
