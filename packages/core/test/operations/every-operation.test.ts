import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Database } from "../../src/database/database.ts";
import type { OperationDefinition, Step } from "../../src/operations/definition.ts";
import { operationDefinitions } from "../../src/operations/module.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, final, retryable, testEngine } from "../support/engine.ts";

/** What a double's steps did, and what they are to do. */
interface DoubleWorld {
  readonly done: string[];
  /** Called before each effect (`do guest`): throws, waits, or lets it pass. */
  before(effect: string): Promise<void> | void;
}

/** The same steps in the same order with the same undos, without what they reach. */
function doubleOf(definition: OperationDefinition, database: Database, world: DoubleWorld): OperationDefinition {
  const effect = async (name: string): Promise<void> => {
    world.done.push(name);
    await world.before(name);
  };
  const double = (step: Step): Step => {
    const { name } = step;
    if (step.type === "decide") return { type: "decide", name, run: () => ({}) };
    if (step.type === "record") {
      const write = () => [{ ...count(database, name, 1), result: {} }];
      return { type: "record", name, write, ...(step.undo && { undo: () => count(database, `undo ${name}`, 1) }) };
    }
    return {
      type: "act",
      name,
      on: () => null,
      ...(step.goesOn && { goesOn: true }),
      run: async () => {
        await effect(`do ${name}`);
      },
      ...(step.mark && { mark: () => ({ statements: [], result: () => ({ revision: 1 }) }) }),
      ...(step.undo && { undo: () => effect(`undo ${name}`) }),
    };
  };
  const failed = () => count(database, "failed", 1);
  return { ...definition, input: z.looseObject({}), steps: definition.steps.map(double), failed };
}

const actsOf = ({ steps }: OperationDefinition) =>
  steps.flatMap((step, index) =>
    step.type === "act" ? [{ name: step.name, index, undoes: step.undo !== undefined }] : [],
  );

/** What is done, in order, when the act step at this index fails for good. */
function courseOf(definition: OperationDefinition, failing: number): readonly string[] {
  const acts = actsOf(definition);
  const there = acts.filter(({ index }) => index <= failing).map(({ name }) => `do ${name}`);
  if (failing >= definition.pointOfNoReturn) {
    const rest = acts.filter(({ index }) => index >= failing).map(({ name }) => `do ${name}`);
    return [...there, ...rest];
  }
  const back = acts.filter(({ index, undoes }) => index <= failing && undoes).map(({ name }) => name);
  return [...there, ...back.toReversed().map((name) => `undo ${name}`)];
}

/** What is done when a run breaks off at the effect of this index, and another goes on: each row of steps from its first. */
function resumedCourse({ steps }: OperationDefinition, course: readonly string[], at: number): readonly string[] {
  let from = at;
  const goesOn = (effect: string | undefined): boolean =>
    steps.some((step) => step.type === "act" && step.goesOn === true && effect === `do ${step.name}`);
  while (goesOn(course[from])) from -= 1;
  return [...course.slice(0, at + 1), ...course.slice(from)];
}
const withoutRepeats = (effects: readonly string[]) => effects.filter((effect, at) => effect !== effects[at - 1]);

describe("every registered operation", () => {
  it.each(operationDefinitions.map((definition) => [definition.kind, definition] as const))(
    "%s fits the journal",
    (kind, { steps, pointOfNoReturn }) => {
      expect(`${kind}.succeeded`.length).toBeLessThanOrEqual(40);
      for (const { name } of steps) expect(name.length).toBeLessThanOrEqual(40);
      for (const step of steps.slice(pointOfNoReturn)) expect("undo" in step ? step.undo : undefined).toBeUndefined();
    },
  );
});

overDatabases((open) => {
  const prepared = async (more: Parameters<typeof testEngine>[2] = {}) => {
    const database = await open();
    const world: DoubleWorld = { done: [], before: () => {} };
    const doubles = operationDefinitions.map((definition) => doubleOf(definition, database, world));
    return { database, world, doubles, ...testEngine(database, doubles, more) };
  };

  it("goes there and back as its steps say, whichever of them fails", async () => {
    const { world, doubles, engine, submit } = await prepared();
    for (const definition of doubles) {
      for (const { name, index } of actsOf(definition)) {
        for (const error of [final, retryable]) {
          world.done.length = 0;
          let left = error === final || index >= definition.pointOfNoReturn ? 1 : 3;
          world.before = (effect) => {
            if (effect === `do ${name}` && (left -= 1) >= 0) throw error;
          };
          const { id } = await submit({}, { definition });
          const forward = index >= definition.pointOfNoReturn;
          const { state } = await engine.ended(id);
          expect(`${definition.kind} at ${name}: ${state}`).toBe(
            `${definition.kind} at ${name}: ${forward ? "succeeded" : "failed"}`,
          );
          const done = world.done.filter((effect, at) => forward || effect !== world.done[at - 1]);
          expect(done).toEqual(courseOf(definition, index));
        }
      }
    }
    await engine.close(1000);
  });

  it("may have its run broken off at each effect, in either direction, and ends the same", async () => {
    const { database, world, doubles } = await prepared();
    for (const definition of doubles) {
      const last = actsOf(definition).findLast(({ index }) => index < definition.pointOfNoReturn);
      const course = courseOf(definition, last?.index ?? Infinity);
      for (const at of course.keys()) {
        world.done.length = 0;
        const reached = Promise.withResolvers<void>();
        world.before = (effect) => {
          if (world.done.length !== at + 1) return effect === `do ${last?.name}` ? Promise.reject(final) : undefined;
          reached.resolve();
          return new Promise(() => {});
        };
        const dying = testEngine(database, [definition]);
        const { id } = await dying.submit({});
        await reached.promise;
        await dying.engine.close(0);
        // Each effect that was begun is done twice.
        world.before = (effect) => (effect === `do ${last?.name}` ? Promise.reject(final) : undefined);
        const next = testEngine(database, [definition]);
        await next.engine.start();
        const { state } = await next.engine.ended(id);
        expect(state).toBe(last === undefined ? "succeeded" : "failed");
        const whole = last === undefined ? actsOf(definition).map(({ name }) => `do ${name}`) : course;
        expect(withoutRepeats(world.done)).toEqual(withoutRepeats(resumedCourse(definition, whole, at)));
        await next.engine.close(1000);
      }
    }
  });

  it("is run by one of two who begin at once, and the other changes no row", async () => {
    const { database, world, doubles } = await prepared();
    const api = testEngine(database, doubles, { runs: false });
    const ids = await Promise.all(doubles.map(async (definition) => (await api.submit({}, { definition })).id));
    const runners = [1, 2].map(() => testEngine(database, doubles, { leaseMs: 600 }));
    await Promise.all(runners.map(({ engine }) => engine.start()));
    for (const id of ids) expect(await api.engine.ended(id)).toMatchObject({ state: "succeeded" });
    expect(world.done).toHaveLength(doubles.flatMap(actsOf).length);
    for (const { engine } of runners) await engine.close(1000);
    const ends = await database.all(database.read(database.tables.outbox));
    expect(ends).toHaveLength(doubles.length);
    expect(await counted(database, "failed")).toBe(0);
  });

  it("is not run by a version that finds another step where it is, and is by one with more steps behind", async () => {
    const { database, world, doubles } = await prepared();
    const definition = doubles.find(({ kind }) => kind === "server.create") as OperationDefinition;
    const begun = async () => {
      const reached = Promise.withResolvers<void>();
      world.before = (effect) => {
        if (effect !== "do network") return undefined;
        reached.resolve();
        return new Promise(() => {});
      };
      const old = testEngine(database, [definition]);
      const { id } = await old.submit({});
      await reached.promise;
      await old.engine.close(0);
      world.before = () => {};
      return id;
    };
    const renamed = {
      ...definition,
      steps: definition.steps.map((step) => (step.name === "network" ? { ...step, name: "taps" } : step)),
    };
    const first = await begun();
    const wrong = testEngine(database, [renamed]);
    await wrong.engine.start();
    expect(await wrong.engine.ended(first)).toMatchObject({ state: "stuck", error: { code: "VERSION_MISMATCH" } });
    expect(await wrong.shown(first)).toMatchObject({ step: "network", stuck: { error: { code: "VERSION_MISMATCH" } } });
    await wrong.engine.close(1000);
    const right = testEngine(database, [definition]);
    await right.engine.control.retry(await right.row(first), { userId: "olga" });
    expect(await right.engine.ended(first)).toEqual({ state: "succeeded", error: undefined });
    await right.engine.close(1000);
    const second = await begun();
    const more: Step = {
      type: "act",
      name: "extra",
      on: () => null,
      run: async () => void world.done.push("do extra"),
    };
    const longer = { ...definition, steps: [...definition.steps, more], pointOfNoReturn: definition.steps.length + 1 };
    const newer = testEngine(database, [longer]);
    await newer.engine.start();
    expect(await newer.engine.ended(second)).toMatchObject({ state: "succeeded" });
    expect(world.done.at(-1)).toBe("do extra");
    await newer.engine.close(1000);
  });

  it("is left alone by a version that does not know its kind", async () => {
    const { doubles, database } = await prepared();
    const api = testEngine(database, doubles, { runs: false });
    const { id } = await api.submit({});
    const other = testEngine(database, doubles.slice(1));
    await other.engine.start();
    expect(await api.row(id)).toMatchObject({ state: "running", owner: null, epoch: 0 });
    await other.engine.close(1000);
  });
});
