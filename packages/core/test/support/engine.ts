import { z } from "zod";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { script, statement } from "../../src/database/script.ts";
import type { Script } from "../../src/database/script.ts";
import { CloudHostError } from "../../src/errors.ts";
import { LogStore } from "../../src/audit/store.ts";
import { uuidv7Ids } from "../../src/ids.ts";
import { defineOperation } from "../../src/operations/definition.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { OperationEngine } from "../../src/operations/engine.ts";
import { OperationJournal } from "../../src/operations/journal.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { silentLogger } from "../../src/ports/logger.ts";

/** A clock whose sleeps take no time: back-offs are not what these tests wait for. */
export const hastyClock: Clock = { ...systemClock(), sleep: () => new Promise((resolve) => setImmediate(resolve)) };

/** What an operation of the tests did, in order; and what goes wrong in it. */
export interface TestWorld {
  readonly done: string[];
  /** By step and direction (`do two`): how often it fails, and how. */
  readonly faults: Map<string, { times: number; error: CloudHostError }>;
  /** A step that never returns; told when it is reached. */
  hang?: { readonly step: string; reached(): void };
}

export const retryable = new CloudHostError(
  "HOST_UNAVAILABLE",
  "busy",
  { host: "h", reason: "busy" },
  { retryable: true },
);
export const final = new CloudHostError("CONFLICT", "no", { state: "x", allowed: [] });

/** Counts in the store, so that what a record step wrote can be seen. */
export const count = (database: Database, name: string, by: number): Script =>
  script(
    statement(
      `INSERT INTO ${database.tables.counters} (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = ${database.tables.counters}.value + excluded.value`,
      [name, by],
    ),
  );

/** A saga of all kinds of steps: record, act, act with a mark, record. */
export function testOperation(database: Database, world: TestWorld): OperationDefinition {
  const step = async (name: string): Promise<void> => {
    const fault = world.faults.get(name);
    if (fault !== undefined && fault.times > 0) {
      fault.times -= 1;
      world.done.push(`${name} failed`);
      throw fault.error;
    }
    world.done.push(name);
    if (world.hang?.step !== name) return;
    world.hang.reached();
    await new Promise(() => {});
  };
  return defineOperation("server.test", z.strictObject({ size: z.int() }))
    .record("claim", {
      write: ({ input }) => [{ ...count(database, "claimed", input.size), result: { claimed: input.size } }],
      undo: ({ claimed }) => count(database, "claimed", -(claimed ?? 0)),
    })
    .act("one", {
      run: async () => {
        await step("do one");
        return { one: "made" };
      },
      undo: () => step("undo one"),
    })
    .act("two", {
      mark: (_, direction) => ({ ...count(database, `mark ${direction}`, 1), result: () => ({ revision: 7 }) }),
      run: async ({ one, revision }) => {
        await step("do two");
        world.done.push(`two saw ${one} and ${revision}`);
      },
      undo: () => step("undo two"),
    })
    .record("finish", { write: () => [{ ...count(database, "finished", 1), result: undefined }] })
    .failed(() => count(database, "failed", 1));
}

/** An engine over these operations, and how to ask it for one. */
export function testEngine(
  database: Database,
  definitions: readonly OperationDefinition[],
  options: { readonly leaseMs?: number; readonly runs?: boolean; readonly onBoundary?: (name: string) => void } = {},
) {
  const ids = uuidv7Ids({ nowMs: () => Date.now() });
  const journal = new OperationJournal(database, options.leaseMs ?? 60_000);
  const engine = new OperationEngine(
    {
      database,
      journal,
      log: new LogStore(database, ids),
      clock: hastyClock,
      logger: silentLogger,
      decideTools: undefined as never,
      recordTools: {} as never,
      actTools: {} as never,
      hosts: { reached: () => [], reaches: () => false, host: () => undefined as never },
      onBoundary: options.onBoundary ?? (() => {}),
      committed: () => {},
    },
    definitions,
    ids,
    { runs: options.runs ?? true, leaseMs: options.leaseMs ?? 60_000, concurrency: 8 },
  );
  const submit = (input: object, more: { idempotencyKey?: string; request?: object } = {}) =>
    engine.submit({
      definition: definitions[0] as OperationDefinition,
      projectId: "prj_x",
      actor: { userId: "amy" },
      resourceId: "srv_x",
      hostId: undefined,
      idempotencyKey: more.idempotencyKey,
      request: more.request ?? input,
      input,
      statements: () => [],
      refused: async () => final,
    });
  return { engine, journal, submit };
}

/** What a counter of {@link count} stands at. */
export const counted = async (database: Database, name: string): Promise<number> =>
  (await database.first<{ value: number }>(database.read(database.tables.counters).where({ name })))?.value ?? 0;
