import { Subject, firstValueFrom } from "rxjs";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock/system-clock.ts";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import { EventRetention } from "../../src/events/retention.ts";
import { readEvents } from "../../src/events/service.ts";
import { outboxEvent } from "../../src/operations/outbox.ts";
import { testCallers } from "../support/callers.ts";
import { overDatabases } from "../support/databases.ts";

const olga = testCallers([]).caller({ userId: "olga", roles: ["operator"] });
const hourMs = 3_600_000;

overDatabases((open) => {
  /** So many events, an hour apart, the last one now. */
  const setUp = async (count: number) => {
    const database = await open();
    const clock = new VirtualClock();
    const statements = Array.from({ length: count }, (_, index) =>
      outboxEvent(database.tables, {
        kind: "server.test",
        projectId: null,
        resourceId: "srv_1",
        actor: "amy",
        data: { hour: index - count + 1 },
        atMs: clock.nowMs() - (count - 1 - index) * hourMs,
      }),
    );
    await database.run({ statements, result: undefined });
    const retention = new EventRetention(database, clock, 10 * hourMs);
    const dependencies = {
      database,
      clock: systemClock(),
      written: new Subject<void>(),
      closed: new AbortController().signal,
    };
    const first = (after?: number) =>
      firstValueFrom(readEvents(olga, dependencies, after === undefined ? {} : { after }));
    return { database, clock, retention, first };
  };

  describe("old events", () => {
    it("are forgotten, and the young are kept", async () => {
      const { retention, first } = await setUp(30);
      expect(await first()).toMatchObject({ data: { hour: -29 } });
      await retention.reconcile();
      expect(await first()).toMatchObject({ data: { hour: -10 } });
      await retention.reconcile();
      expect(await first()).toMatchObject({ data: { hour: -10 } });
    });

    it("are forgotten by the thousand", async () => {
      const { database, clock, retention } = await setUp(2500);
      await clock.advance({ hours: 11 });
      await retention.reconcile();
      expect(await database.all(database.read(database.tables.outbox))).toEqual([]);
    });

    it("make a cursor before them an error that says where to begin, never a gap", async () => {
      const { database, retention, first } = await setUp(30);
      const { cursor } = await first();
      const before = await database.all<{ id: number }>(database.read(database.tables.outbox).orderBy("id"));
      await retention.reconcile();
      const oldest = before[18]?.id ?? 0;
      for (const after of [0, cursor, oldest - 1]) {
        await expect(first(after)).rejects.toMatchObject({ code: "CURSOR_EXPIRED", details: { after, oldest } });
      }
      expect(await first(oldest)).toMatchObject({ data: { hour: -10 } });
    });

    it("are missed by nobody without a word, also when none is left", async () => {
      const { clock, retention, first } = await setUp(3);
      await clock.advance({ hours: 24 });
      await retention.reconcile();
      await expect(first(0)).rejects.toMatchObject({ code: "CURSOR_EXPIRED" });
    });
  });
});
