import { describe, expect, it } from "vitest";
import type { LogEntry } from "../../src/audit/model.ts";
import { LogRetention } from "../../src/audit/retention.ts";
import { OperationLog } from "../../src/audit/service.ts";
import { LogStore } from "../../src/audit/store.ts";
import type { NewLogEntry } from "../../src/audit/store.ts";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import { script, statement } from "../../src/database/script.ts";
import { uuidv7Ids } from "../../src/ids.ts";
import { testCallers } from "../support/callers.ts";
import { overDatabases } from "../support/databases.ts";

const line: NewLogEntry = {
  userId: "amy",
  roles: ["member", "projectAdmin"],
  projectId: "prj_album",
  method: "servers.stop",
  from: "192.0.2.7",
  result: "accepted",
  resources: ["srv_1"],
  operationId: "op_1",
  atMs: 1000,
};

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const array: Item[] = [];
  for await (const item of items) array.push(item);
  return array;
}

overDatabases((open) => {
  const setUp = async () => {
    const database = await open();
    const log = new LogStore(database, uuidv7Ids({ nowMs: () => 1000 }));
    const { caller } = testCallers(["album", "mail"]);
    const ops = new OperationLog(caller({ userId: "olga", roles: ["operator"] }), log);
    const mail = new OperationLog(caller({ userId: "pat", projectId: "mail", roles: ["member"] }), log);
    const write = (...entries: Partial<NewLogEntry>[]) =>
      database.run(script(...entries.map((entry) => log.entry({ ...line, ...entry }))));
    return { database, log, ops, mail, write };
  };

  describe("the operation log", () => {
    it("gives back each line as it was written", async () => {
      const { ops, write } = await setUp();
      await write(
        {},
        { ...line, from: undefined, operationId: undefined, resources: [], code: "FORBIDDEN", result: "refused" },
      );
      const { atMs, from, userId, roles, projectId, method } = line;
      const both = { atMs, userId, roles, projectId, method };
      expect(await all(ops.list())).toMatchObject([
        { ...both, from, result: "accepted", code: null, resources: ["srv_1"], operationId: "op_1" },
        { ...both, from: null, result: "refused", code: "FORBIDDEN", resources: [], operationId: null },
      ]);
    });

    it("finds lines by everything that is said of them", async () => {
      const { ops, write } = await setUp();
      await write({ userId: "pat" }, { method: "servers.start" }, { resources: ["img_1", "srv_2"] }, { atMs: 2000 });
      const found = async (where: Parameters<OperationLog["list"]>[0]): Promise<number> =>
        (await all(ops.list(where))).length;
      expect(await found({ userId: "pat" })).toBe(1);
      expect(await found({ method: "servers.start" })).toBe(1);
      expect(await found({ resource: "srv_2" })).toBe(1);
      expect(await found({ resource: "srv_1" })).toBe(3);
      expect(await found({ from: 1001 })).toBe(1);
      expect(await found({ to: 2000 })).toBe(3);
      expect(await found({ result: "refused" })).toBe(0);
      expect(await found({ userId: "pat", method: "servers.start" })).toBe(0);
    });

    it("shows members their project's lines alone", async () => {
      const { ops, mail, write } = await setUp();
      await write({}, { projectId: "prj_mail", userId: "pat" }, { projectId: null });
      expect((await all(mail.list())).map(({ userId }) => userId)).toEqual(["pat"]);
      expect(await all(mail.export())).toHaveLength(1);
      expect(await all(ops.list())).toHaveLength(3);
    });

    it("is exported as lines of JSON, page by page, from where the last export ended", async () => {
      const { ops, write } = await setUp();
      await write(...Array.from({ length: 1003 }, (_, atMs) => ({ atMs })));
      const lines = await all(ops.export());
      expect(lines).toHaveLength(1003);
      expect(lines.every((text) => text.endsWith("}\n"))).toBe(true);
      const entries = lines.map((text) => JSON.parse(text) as LogEntry);
      expect(entries.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 1003 }, (_, index) => index));
      expect(await all(ops.export({ after: entries[1000]?.id ?? "" }))).toEqual(lines.slice(1001));
    });

    it("tells how an operation ended, in the words of its beginning, and nothing of one that it does not know", async () => {
      const { database, log, ops, write } = await setUp();
      await write({}, { userId: "asks again" });
      await database.run(
        script(log.ended("op_1", "failed", "NO_VALID_HOST", 5000), log.ended("op_2", "succeeded", undefined, 1)),
      );
      const [begun, , ended, ...more] = await all(ops.list());
      expect(ended).toEqual({ ...begun, id: ended?.id, atMs: 5000, result: "failed", code: "NO_VALID_HOST" });
      expect(more).toEqual([]);
    });

    it("forgets old lines where the operator wants it, and then no younger one", async () => {
      const { database, ops, write } = await setUp();
      const dayMs = 86_400_000;
      await write(...Array.from({ length: 1500 }, () => ({ atMs: dayMs })), { atMs: 2 * dayMs }, { atMs: 5 * dayMs });
      const clock = new VirtualClock(4 * dayMs);
      await new LogRetention(database, clock, 2 * dayMs).reconcile();
      expect((await all(ops.list())).map(({ atMs }) => atMs)).toEqual([2 * dayMs, 5 * dayMs]);
      const { audit } = database.tables;
      await expect(database.run(script(statement(`DELETE FROM ${audit}`)))).rejects.toThrow("append-only");
    });

    it("is changed and removed by nobody: the database itself refuses", async () => {
      const { database, ops, write } = await setUp();
      await write({});
      const { audit } = database.tables;
      for (const sql of [`UPDATE ${audit} SET user_id = 'pat'`, `DELETE FROM ${audit}`]) {
        await expect(database.run(script(statement(sql)))).rejects.toThrow("append-only");
      }
      expect(await all(ops.list())).toHaveLength(1);
    });
  });
});
