import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineOperation } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, final, testEngine } from "../support/engine.ts";

overDatabases((open) => {
  /** `before`, then the point of no return, then `after` and what it writes; each fails as often as it is told. */
  const prepared = async (fails: { before?: number; after?: number; write?: number }) => {
    const database = await open();
    const done: string[] = [];
    const left = { before: 0, after: 0, write: 0, ...fails };
    const fail = (step: keyof typeof left): void => {
      done.push(step);
      left[step] -= 1;
      if (left[step] >= 0) throw final;
    };
    const definition = defineOperation("server.test", z.strictObject({}))
      .act("before", {
        run: async () => fail("before"),
        undo: async () => void done.push("undo before"),
      })
      .pointOfNoReturn()
      .act("after", { run: async () => fail("after") })
      .record("write", {
        write: () => {
          fail("write");
          return [count(database, "written", 1)];
        },
      })
      .failed(() => count(database, "failed", 1));
    return { database, done, left, definition, ...testEngine(database, [definition]) };
  };

  describe("a point of no return", () => {
    it("is not passed while what comes before it fails", async () => {
      const { done, engine, submit } = await prepared({ before: 1 });
      const { id } = await submit({});
      expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
      expect(done).toEqual(["before", "undo before"]);
      await engine.close(1000);
    });

    it("has what fails behind it tried again, whatever the error says", async () => {
      const { database, done, engine, submit, shown } = await prepared({ after: 2, write: 3 });
      const { id } = await submit({});
      expect(await engine.ended(id)).toEqual({ state: "succeeded", error: undefined });
      expect(done).toEqual(["before", "after", "after", "after", "write", "write", "write", "write"]);
      expect(await counted(database, "written")).toBe(1);
      expect(await shown(id)).toMatchObject({ percent: 100, error: null, cancellable: false });
      await engine.close(1000);
    });

    it("is passed from the first where an operation begins with it, also by a step that only writes", async () => {
      const database = await open();
      const definition = defineOperation("server.test", z.strictObject({}))
        .pointOfNoReturn()
        .record("write", { write: () => [count(database, "written", 1)] })
        .act("after", { run: async () => {} })
        .failed(() => count(database, "failed", 1));
      const { engine, submit, row } = testEngine(database, [definition], { runs: false });
      const { id } = await submit({});
      await expect(engine.control.cancel(await row(id))).rejects.toMatchObject({ code: "CONFLICT" });
      await engine.close(1000);
    });

    it("is where a run that is resumed does not go back either", async () => {
      const { database, definition, done, engine, submit } = await prepared({ after: 99 });
      const { id } = await submit({});
      await expect.poll(() => done.length).toBeGreaterThan(2);
      await engine.close(0);
      const other = testEngine(database, [definition]);
      await other.engine.start();
      expect(await other.engine.ended(id)).toMatchObject({ state: "stuck" });
      expect(done).not.toContain("undo before");
      await other.engine.close(1000);
    });

    it("leaves an operation stuck whose attempts are over, and a retry goes forward", async () => {
      const { done, left, engine, submit, shown, row } = await prepared({ after: 7 });
      const { id } = await submit({});
      expect(await engine.ended(id)).toMatchObject({ state: "stuck", error: { code: "CONFLICT" } });
      expect(await shown(id)).toMatchObject({
        state: "stuck",
        step: "after",
        stuck: { error: { code: "CONFLICT" }, attempts: 7 },
        cancellable: false,
      });
      expect(left.after).toBe(0);
      expect(done).not.toContain("undo before");
      await engine.control.retry(await row(id), { userId: "amy" });
      expect(await engine.ended(id)).toEqual({ state: "succeeded", error: undefined });
      expect(await shown(id)).toMatchObject({ state: "succeeded", stuck: null, error: null });
      await engine.close(1000);
    });
  });
});
