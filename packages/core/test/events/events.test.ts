import { Subject, firstValueFrom, take, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Caller } from "../../src/access/caller.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { readEvents } from "../../src/events/service.ts";
import type { CloudEvent, ReadEvents } from "../../src/events/model.ts";
import { outboxEvent } from "../../src/operations/outbox.ts";
import type { OutboxEvent } from "../../src/operations/outbox.ts";
import { testCallers } from "../support/callers.ts";
import { overDatabases } from "../support/databases.ts";

const { caller: callerOf } = testCallers(["album"]);
const olga = callerOf({ userId: "olga", roles: ["operator"] });
const amy = callerOf({ userId: "amy", projectId: "album", roles: ["member"] });

overDatabases((open, dialect) => {
  const setUp = async () => {
    const database = await open();
    const written = new Subject<void>();
    const closed = new AbortController();
    const dependencies = { database, clock: systemClock(), written, closed: closed.signal };
    const events = (caller: Caller, after?: number, more: Omit<ReadEvents, "after"> = {}, through = database) =>
      readEvents(
        caller,
        { ...dependencies, database: through },
        { ...more, ...(after === undefined ? {} : { after }) },
      );
    const next = (caller: Caller, count: number, after?: number): Promise<CloudEvent[]> =>
      firstValueFrom(events(caller, after).pipe(take(count), toArray()));
    return { database, written, closed, events, next };
  };
  const happening = (number: number, project: string | null = "album"): OutboxEvent => ({
    kind: "server.test",
    projectId: project === null ? null : `prj_${project}`,
    resourceId: `srv_${number}`,
    actor: "amy",
    data: { number },
    atMs: Date.now(),
  });
  const event = (database: Database, number: number, project: string | null = "album") =>
    outboxEvent(database.tables, happening(number, project));
  const write = (database: Database, ...numbers: number[]) =>
    database.run({ statements: numbers.map((number) => event(database, number)), result: undefined });

  describe("events", () => {
    it("are those of before and those to come, in order, and behind a cursor only the later ones", async () => {
      const { database, written, next } = await setUp();
      await write(database, 1, 2);
      const first = next(olga, 3);
      await write(database, 3);
      written.next();
      const events = await first;
      expect(events.map(({ data }) => data["number"])).toEqual([1, 2, 3]);
      expect(events[0]).toMatchObject({ kind: "server.test", projectId: "prj_album", userId: "amy" });
      const [, second] = events;
      expect((await next(olga, 1, second?.cursor)).map(({ data }) => data["number"])).toEqual([3]);
    });

    it("are neither missed nor told twice while many write at once", async () => {
      const { database, written, next } = await setUp();
      const writers = 8;
      const each = 50;
      const told = next(olga, writers * each);
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let turn = 0; turn < each; turn += 1) {
            await write(database, writer * each + turn);
            written.next();
          }
        }),
      );
      const events = await told;
      const cursors = events.map(({ cursor }) => cursor);
      expect(cursors).toEqual(cursors.toSorted((a, b) => a - b));
      expect(new Set(events.map(({ data }) => data["number"])).size).toBe(writers * each);
    });

    it("of other processes are seen without a word from them", async () => {
      const { database, next } = await setUp();
      const told = next(olga, 1);
      await write(database, 1);
      expect(await told).toHaveLength(1);
    });

    it("of a project are all that its members see", async () => {
      const { database, next } = await setUp();
      const statements = [event(database, 1, "mail"), event(database, 2, null), event(database, 3, "album")];
      await database.run({ statements, result: undefined });
      expect((await next(amy, 1)).map(({ data }) => data["number"])).toEqual([3]);
      expect(await next(olga, 3)).toHaveLength(3);
    });

    it("are filtered by their kind and by what they are about", async () => {
      const { database, events } = await setUp();
      const kinds = ["server.create.succeeded", "server.guest.ready", "image.import.succeeded", "serverless.odd"];
      await database.run({
        statements: kinds.map((kind, index) => outboxEvent(database.tables, { ...happening(index), kind })),
        result: undefined,
      });
      const told = async (more: Omit<ReadEvents, "after">): Promise<readonly string[]> => {
        const found: string[] = [];
        const last = events(olga, 0, more);
        for await (const { kind } of last) {
          found.push(kind);
          if (found.length === (more.resourceId === undefined ? 2 : 1)) break;
        }
        return found;
      };
      expect(await told({ kinds: ["server.*"] })).toEqual(kinds.slice(0, 2));
      expect(await told({ kinds: ["serverless.odd", "server.guest.ready"] })).toEqual([kinds[1], kinds[3]]);
      expect(await told({ resourceId: "srv_2" })).toEqual([kinds[2]]);
      for (const wrong of [["*"], ["Server.*"], [], ["server.*.x"]]) {
        await expect(firstValueFrom(events(olga, 0, { kinds: wrong }))).rejects.toMatchObject({
          code: "INVALID_ARGUMENT",
        });
      }
    });

    it("wait for who is slow, and are read no further than a page ahead", async () => {
      const { database, events } = await setUp();
      const rows = 1600;
      await write(database, ...Array.from({ length: rows }, (_, number) => number));
      let asked = 0;
      const counting: Database = Object.assign(Object.create(database) as Database, {
        all: (query: never) => {
          asked += 1;
          return database.all(query);
        },
      });
      const slow = events(olga, 0, {}, counting)[Symbol.asyncIterator]();
      const numbers = [(await slow.next()).value?.data["number"]];
      const askedBefore = asked;
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(asked).toBe(askedBefore);
      while (numbers.length < rows) numbers.push((await slow.next()).value?.data["number"]);
      await slow.return(undefined);
      expect(numbers).toEqual(Array.from({ length: rows }, (_, number) => number));
    });

    it("complete when the cloud closes, and fail for a cursor that is none", async () => {
      const { closed, events } = await setUp();
      await expect(firstValueFrom(events(olga, -1))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { issues: [{ path: "after" }] },
      });
      const ended = new Promise<void>((resolve) => events(olga).subscribe({ complete: resolve }));
      closed.abort();
      await expect(ended).resolves.toBeUndefined();
    });
  });

  // SQLite has one writer: its numbers are committed in their order.
  if (dialect !== "postgres") return;

  describe("numbers that are committed out of their order", () => {
    it("are waited for", async () => {
      const { database, written, next } = await setUp();
      const told = next(olga, 2);
      const gate = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const slow = database.transaction(async (transaction) => {
        const { sql, bindings } = event(database, 1);
        await transaction.raw(sql, bindings as never);
        begun.resolve();
        await gate.promise;
      });
      await begun.promise;
      await write(database, 2);
      written.next();
      await new Promise((resolve) => setTimeout(resolve, 400));
      gate.resolve();
      await slow;
      expect((await told).map(({ data }) => data["number"])).toEqual([1, 2]);
    });

    it("are waited for however long ago the event behind them is said to have been", async () => {
      const { database, next } = await setUp();
      const told = next(olga, 2);
      const gate = Promise.withResolvers<void>();
      const begun = Promise.withResolvers<void>();
      const slow = database.transaction(async (transaction) => {
        const { sql, bindings } = event(database, 1);
        await transaction.raw(sql, bindings as never);
        begun.resolve();
        await gate.promise;
      });
      await begun.promise;
      const longAgo = outboxEvent(database.tables, { ...happening(2), atMs: Date.now() - 3_600_000 });
      await database.run({ statements: [longAgo], result: undefined });
      await new Promise((resolve) => setTimeout(resolve, 400));
      gate.resolve();
      await slow;
      expect((await told).map(({ data }) => data["number"])).toEqual([1, 2]);
    });

    it("and that never come hold up nobody: not those of a script that was undone", async () => {
      const { database, next } = await setUp();
      await write(database, 1);
      const undone = { sql: "SELECT 1 WHERE FALSE", bindings: [], expect: 1 };
      await expect(
        database.run({ statements: [event(database, 2), undone], result: undefined }),
      ).rejects.toBeInstanceOf(Error);
      await write(database, 3);
      const beganMs = Date.now();
      expect((await next(olga, 2)).map(({ data }) => data["number"])).toEqual([1, 3]);
      expect(Date.now() - beganMs).toBeLessThan(2000);
    });
  });
});
