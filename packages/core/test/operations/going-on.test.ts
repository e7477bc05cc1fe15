import { expect, it } from "vitest";
import { z } from "zod";
import type { Database } from "../../src/database/database.ts";
import { defineOperation } from "../../src/operations/definition.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { final, retryable, testEngine } from "../support/engine.ts";

/** What was done, and what is to go wrong at an effect (`do b`): it throws, or never returns. */
interface World {
  readonly done: string[];
  before(effect: string): Promise<void> | void;
}

/** Three steps in a row, and one apart. */
function rowOf(world: World): OperationDefinition {
  const effect = (name: string) => async (): Promise<void> => {
    world.done.push(name);
    await world.before(name);
  };
  const step = (name: string) => ({ run: effect(`do ${name}`), undo: effect(`undo ${name}`) });
  return defineOperation("server.test", z.looseObject({}))
    .decide("place", () => ({}))
    .act("a", { run: async () => effect("do a")().then(() => ({ made: "by a" })), undo: effect("undo a") })
    .act("b", { goesOn: true, ...step("b") })
    .act("c", {
      goesOn: true,
      run: ({ made }) => effect(`do c with what was made ${made}`)(),
      undo: effect("undo c"),
    })
    .act("d", step("d"))
    .failed(() => ({ statements: [], result: undefined }));
}

overDatabases((open) => {
  const prepared = async (before: World["before"] = () => {}) => {
    const database = await open();
    const world: World = { done: [], before };
    const definition = rowOf(world);
    return { database, world, definition, ...testEngine(database, [definition]) };
  };
  const journalled = async (database: Database) =>
    (
      await database.all<{ step: string }>(database.read(database.tables.operation_events).orderBy("id").select("step"))
    ).map(({ step }) => step);

  /** Breaks a run off at an effect, and lets another engine go on. */
  const brokenOff = async (at: string, then: World["before"] = () => {}) => {
    const reached = Promise.withResolvers<void>();
    const { database, world, definition, engine, submit } = await prepared((effect) => {
      if (effect !== at) return undefined;
      reached.resolve();
      return new Promise(() => {});
    });
    const { id } = await submit({});
    await reached.promise;
    await engine.close(0);
    world.before = then;
    world.done.length = 0;
    const next = testEngine(database, [definition]);
    await next.engine.start();
    const { state } = await next.engine.ended(id);
    await next.engine.close(1000);
    return { done: world.done, state };
  };

  it("makes no journal entry between steps that go straight on", async () => {
    const { database, world, engine, submit } = await prepared();
    const { id } = await submit({});
    expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.done).toEqual(["do a", "do b", "do c with what was made by a", "do d"]);
    expect(await journalled(database)).toEqual(["a", "d", "d"]);
    await engine.close(1000);
  });

  it("begins at the first of them again after a crash", async () => {
    const { done, state } = await brokenOff("do c with what was made by a");
    expect(state).toBe("succeeded");
    expect(done).toEqual(["do a", "do b", "do c with what was made by a", "do d"]);
  });

  it("takes back from the step that failed, and all of them where a run before may have got further", async () => {
    const { world, engine, submit } = await prepared((effect) =>
      effect === "do b" ? Promise.reject(final) : undefined,
    );
    const { id } = await submit({});
    expect(await engine.ended(id)).toMatchObject({ state: "failed" });
    expect(world.done).toEqual(["do a", "do b", "undo b", "undo a"]);
    await engine.close(1000);
    const { done, state } = await brokenOff("do c with what was made by a", (effect) =>
      effect === "do b" ? Promise.reject(final) : undefined,
    );
    expect(state).toBe("failed");
    expect(done).toEqual(["do a", "do b", "undo c", "undo b", "undo a"]);
  });

  it("journals an attempt at any of them, and goes on there", async () => {
    let left = 1;
    const { database, world, engine, submit } = await prepared((effect) =>
      effect === "do b" && (left -= 1) >= 0 ? Promise.reject(retryable) : undefined,
    );
    const { id } = await submit({});
    expect(await engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.done).toEqual(["do a", "do b", "do b", "do c with what was made by a", "do d"]);
    expect(await journalled(database)).toEqual(["a", "b", "d", "d"]);
    await engine.close(1000);
  });
});
