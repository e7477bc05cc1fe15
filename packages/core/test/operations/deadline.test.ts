import { expect, it } from "vitest";
import { z } from "zod";
import { VirtualClock } from "../../src/clock/virtual-clock.ts";
import { defineOperation } from "../../src/operations/definition.ts";
import { overDatabases } from "../support/databases.ts";
import { count, counted, testEngine } from "../support/engine.ts";

overDatabases((open) => {
  /** One step of 60 s there, and 600 s back. */
  const prepared = async (noReturn: boolean) => {
    const database = await open();
    const clock = new VirtualClock();
    const slow = ({ transfer: { signal } }: { transfer: { signal?: AbortSignal | undefined } }) =>
      clock.sleep(60_000, signal);
    const start = defineOperation("server.test", z.strictObject({}));
    const definition = noReturn
      ? start
          .pointOfNoReturn()
          .act("slow", { run: slow })
          .failed(() => count(database, "failed", 1))
      : start
          .act("slow", { run: slow, undo: () => clock.sleep(600_000) })
          .failed((_, error) => count(database, error.code, 1));
    return { database, clock, definition, ...testEngine(database, [definition], { clock }) };
  };

  it("ends the step under way when it passes, and everything is taken back without one", async () => {
    const { database, clock, engine, submit, shown } = await prepared(false);
    const beganMs = clock.nowMs();
    const { id } = await submit({}, { timeoutMs: 1000 });
    expect(await shown(id)).toMatchObject({ deadlineMs: beganMs + 1000 });
    expect(await engine.ended(id)).toMatchObject({
      state: "failed",
      error: { code: "DEADLINE_EXCEEDED", details: { what: "server.test", timeoutMs: 1000 } },
    });
    expect(clock.nowMs() - beganMs).toBe(601_000);
    expect(await counted(database, "DEADLINE_EXCEEDED")).toBe(1);
    await engine.close(1000);
  });

  it("does nothing to what is done in time, nor past the point of no return", async () => {
    const intime = await prepared(false);
    const quick = await intime.submit({}, { timeoutMs: 61_000 });
    expect(await intime.engine.ended(quick.id)).toMatchObject({ state: "succeeded" });
    await intime.engine.close(1000);
    const forward = await prepared(true);
    const late = await forward.submit({}, { timeoutMs: 1000 });
    expect(await forward.engine.ended(late.id)).toMatchObject({ state: "succeeded" });
    await forward.engine.close(1000);
  });

  it("is kept by who takes the operation over", async () => {
    const { database, clock, definition, engine } = await prepared(false);
    const api = testEngine(database, [definition], { clock, runs: false });
    const { id } = await api.submit({}, { timeoutMs: 1000 });
    await clock.sleep(5000);
    await engine.start();
    expect(await engine.ended(id)).toMatchObject({ state: "failed", error: { code: "DEADLINE_EXCEEDED" } });
    await engine.close(1000);
  });
});
