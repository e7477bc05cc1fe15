import { Subject, firstValueFrom, take, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { Caller } from "../../src/access/caller.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { readEvents } from "../../src/events/service.ts";
import type { CloudEvent } from "../../src/events/model.ts";
import { outboxEvent } from "../../src/operations/outbox.ts";
import type { Project } from "../../src/projects/model.ts";
import type { ProjectStore } from "../../src/projects/store.ts";
import { overDatabases } from "../support/databases.ts";

const named = (name: string): Project => ({ id: `prj_${name}`, name, createdAtMs: 1 });
const projects = { named: async (name: string) => named(name) } as unknown as ProjectStore;
const olga = new Caller({ userId: "olga", roles: ["operator"] }, projects);
const amy = new Caller({ userId: "amy", projectId: "album", roles: ["member"] }, projects);

overDatabases((open, dialect) => {
  const setUp = async () => {
    const database = await open();
    const written = new Subject<void>();
    const closed = new AbortController();
    const dependencies = { database, clock: systemClock(), written, closed: closed.signal };
    const events = (caller: Caller, after = 0) => readEvents(caller, dependencies, { after });
    const next = (caller: Caller, count: number, after = 0): Promise<CloudEvent[]> =>
      firstValueFrom(events(caller, after).pipe(take(count), toArray()));
    return { database, written, closed, events, next };
  };
  const event = (database: Database, number: number, project: string | null = "album") =>
    outboxEvent(database.tables, {
      kind: "server.test",
      projectId: project === null ? null : `prj_${project}`,
      resourceId: `srv_${number}`,
      actor: "amy",
      data: { number },
      atMs: Date.now(),
    });
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

    it("and that never come hold up nobody who reads what is long past", async () => {
      const { database, next } = await setUp();
      await database.read.raw(`SELECT nextval('${database.tables.outbox}_id_seq')`);
      await write(database, 1);
      await database.write(database.tables.outbox).update({ at_ms: Date.now() - 3_600_000 });
      const beganMs = Date.now();
      expect(await next(olga, 1)).toHaveLength(1);
      expect(Date.now() - beganMs).toBeLessThan(3000);
    });
  });
});
