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
import type { OperationRow } from "../../src/operations/journal.ts";
import type { Operation } from "../../src/operations/model.ts";
import { HostElsewhere } from "../../src/operations/stop-reasons.ts";
import { OperationRecords, operationOf } from "../../src/operations/store.ts";
import type { ShownRow } from "../../src/operations/store.ts";
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

/** How an engine of the tests is. */
export interface TestEngineOptions {
  readonly leaseMs?: number;
  readonly runs?: boolean;
  readonly clock?: Clock;
  /** The hosts that it reaches. A step sees such a one as `{ name, signal }`. */
  readonly hosts?: readonly string[];
  readonly onBoundary?: (name: string) => void;
}

/** What differs from one submission of the tests to another. */
export interface TestSubmission {
  readonly definition?: OperationDefinition;
  readonly hostId?: string;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  readonly request?: object;
}

/** An engine over these operations, and how to ask it for one. */
export function testEngine(
  database: Database,
  definitions: readonly OperationDefinition[],
  options: TestEngineOptions = {},
) {
  const { clock = hastyClock, hosts = [] } = options;
  const ids = uuidv7Ids({ nowMs: () => Date.now() });
  const journal = new OperationJournal(database, options.leaseMs ?? 60_000);
  const engine = new OperationEngine(
    {
      database,
      journal,
      log: new LogStore(database, ids),
      clock,
      logger: silentLogger,
      decideTools: undefined as never,
      recordTools: {} as never,
      actTools: {} as never,
      hosts: {
        reached: () => hosts,
        reaches: (hostId) => hosts.includes(hostId),
        host: (hostId, { signal }) => {
          if (!hosts.includes(hostId)) throw new HostElsewhere(hostId);
          return { name: hostId, signal } as never;
        },
      },
      onBoundary: options.onBoundary ?? (() => {}),
      committed: () => {},
    },
    definitions,
    ids,
    { runs: options.runs ?? true, leaseMs: options.leaseMs ?? 60_000, concurrency: 8 },
  );
  const submit = (input: object, more: TestSubmission = {}) =>
    engine.submit({
      definition: more.definition ?? (definitions[0] as OperationDefinition),
      projectId: "prj_x",
      actor: { userId: "amy" },
      resourceId: "srv_x",
      hostId: more.hostId,
      timeoutMs: more.timeoutMs,
      idempotencyKey: more.idempotencyKey,
      request: more.request ?? input,
      input,
      statements: () => [],
      refused: async () => final,
    });
  const records = new OperationRecords(database);
  /** The operation as an operator sees it. */
  const shown = async (id: string): Promise<Operation> =>
    operationOf((await records.get(id)) as ShownRow, { known: true, hosts: true });
  const row = async (id: string): Promise<OperationRow> => (await records.get(id)) as OperationRow;
  return { engine, journal, submit, shown, row };
}

/** What a counter of {@link count} stands at. */
export const counted = async (database: Database, name: string): Promise<number> =>
  (await database.first<{ value: number }>(database.read(database.tables.counters).where({ name })))?.value ?? 0;
