import { expect, it } from "vitest";
import { z } from "zod";
import { defineOperation } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, final, testEngine } from "../support/engine.ts";

const Move = z.strictObject({ from: z.string(), to: z.string() });
const move = { from: "hst_a", to: "hst_b" };
const user = { userId: "olga", reason: "the host is gone" };

overDatabases((open) => {
  /** A move from one host to another, and back to the first for a last step. */
  const prepared = async (fails = false) => {
    const database = await open();
    const done: string[] = [];
    const definition = defineOperation("server.move", Move)
      .record("claim", { write: () => [count(database, "claimed", 1)], undo: () => count(database, "claimed", -1) })
      .act("target", {
        on: ({ input }) => input.to,
        mark: (_, direction) => ({ ...count(database, `mark ${direction}`, 1), result: () => ({ revision: 1 }) }),
        run: async ({ host }) => void done.push(`do target on ${nameOf(host)}`),
        undo: async ({ host }) => void done.push(`undo target on ${nameOf(host)}`),
      })
      .act("source", {
        on: ({ input }) => input.from,
        run: async ({ host }) => {
          done.push(`do source on ${nameOf(host)}`);
          if (fails) throw final;
        },
        undo: async ({ host }) => void done.push(`undo source on ${nameOf(host)}`),
      })
      .act("nowhere", { on: () => null, run: async ({ host }) => void done.push(`no host: ${host === undefined}`) })
      .failed((_, error) => count(database, error.code, 1));
    const engineOf = (hosts: readonly string[]) => testEngine(database, [definition], { hosts, leaseMs: 300 });
    return { database, done, definition, engineOf };
  };

  it("are reached by each step in the process that reaches its host", async () => {
    const { done, engineOf } = await prepared();
    const [a, b] = [engineOf(["hst_a"]), engineOf(["hst_b"])];
    await a.engine.start();
    await b.engine.start();
    const { id } = await a.submit(move);
    expect(await a.engine.ended(id)).toEqual({ state: "succeeded", error: undefined });
    expect(done).toEqual(["do target on hst_b", "do source on hst_a", "no host: true"]);
    await a.engine.close(1000);
    await b.engine.close(1000);
  });

  it("are where the first step says, and not where its server is", async () => {
    const database = await open();
    const done: string[] = [];
    const settle = defineOperation("server.settle", Move)
      .act("source", {
        on: ({ input }) => input.from,
        run: async ({ host }) => void done.push(`source on ${nameOf(host)}`),
      })
      .failed((_, error) => count(database, error.code, 1));
    const [a, b] = ["hst_a", "hst_b"].map((host) => testEngine(database, [settle], { hosts: [host], leaseMs: 300 }));
    await a?.engine.start();
    await b?.engine.start();
    const { id } = (await b?.submit(move, { hostId: "hst_b" })) ?? { id: "" };
    expect((await b?.shown(id))?.waitingFor).not.toMatchObject({ host: "hst_b" });
    expect(await b?.engine.ended(id)).toEqual({ state: "succeeded", error: undefined });
    expect(done).toEqual(["source on hst_a"]);
    await a?.engine.close(1000);
    await b?.engine.close(1000);
  });

  it("are reached on the way back as on the way there", async () => {
    const { database, done, engineOf } = await prepared(true);
    const [a, b] = [engineOf(["hst_a"]), engineOf(["hst_b"])];
    await a.engine.start();
    await b.engine.start();
    const { id } = await a.submit(move);
    expect(await b.engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CONFLICT" } });
    expect(done.slice(2)).toEqual(["undo source on hst_a", "undo target on hst_b"]);
    expect(await counted(database, "claimed")).toBe(0);
    await a.engine.close(1000);
    await b.engine.close(1000);
  });

  it("that nobody reaches are told, and a cancel ends what has done nothing outside", async () => {
    const { database, done, engineOf } = await prepared();
    const { engine, submit, shown, row } = engineOf(["hst_a"]);
    const { id } = await submit(move);
    await expect
      .poll(() => shown(id))
      .toMatchObject({ state: "running", step: "target", waitingFor: { what: "host" } });
    expect(await counted(database, "claimed")).toBe(1);
    await engine.control.cancel(await row(id));
    expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "CANCELLED" } });
    expect(done).toEqual([]);
    expect(await counted(database, "claimed")).toBe(0);
    expect([await counted(database, "mark do"), await counted(database, "mark undo")]).toEqual([1, 1]);
    expect(await shown(id)).toMatchObject({ waitingFor: null });
    await engine.close(1000);
  });

  it("that nobody reaches hold no operation past its deadline", async () => {
    const { done, engineOf } = await prepared();
    const { engine, submit } = engineOf(["hst_a"]);
    await engine.start();
    const { id } = await submit(move, { timeoutMs: 400 });
    expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "DEADLINE_EXCEEDED" } });
    expect(done).toEqual([]);
    await engine.close(1000);
  });

  it("that are gone leave what was done on them to be taken back or abandoned", async () => {
    const { database, done, engineOf } = await prepared(true);
    const b = engineOf(["hst_b"]);
    const { id } = await b.submit(move);
    await expect.poll(() => b.shown(id)).toMatchObject({ step: "source", waitingFor: { what: "host" } });
    await b.engine.control.cancel(await b.row(id));
    expect(await b.shown(id)).toMatchObject({ state: "running", waitingFor: { what: "host" } });
    await b.engine.control.abandon(await b.row(id), user);
    expect(await b.shown(id)).toMatchObject({
      state: "failed",
      error: { code: "CANCELLED" },
      abandoned: { leftOver: ["claim", "target", "source"] },
    });
    expect(done).toEqual(["do target on hst_b"]);
    expect(await counted(database, "CANCELLED")).toBe(1);
    await b.engine.close(1000);
  });
});

const nameOf = (host: unknown): string => (host as { name: string }).name;
