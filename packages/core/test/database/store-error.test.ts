import { expect, it } from "vitest";
import { CloudHostError } from "../../src/errors.ts";
import { GuardFailed, script, statement } from "../../src/database/script.ts";
import { storeError, thrownByStore } from "../../src/database/store-error.ts";
import { overDatabases } from "../support/databases.ts";

it("makes a retryable HOST_UNAVAILABLE of trouble, INTERNAL of the rest, and nothing of refusals", () => {
  const busy = Object.assign(new Error("database is locked"), { code: "SQLITE_BUSY" });
  const told = storeError(busy, true);
  expect(told).toMatchObject({ code: "HOST_UNAVAILABLE", retryable: true, details: { reason: busy.message } });
  expect(thrownByStore(told)).toBe(busy);
  expect(storeError(busy, false)).toMatchObject({ code: "INTERNAL", retryable: false, cause: busy });
  const guard = new GuardFailed("host", 0, 1, 0);
  const ours = new CloudHostError("EXHAUSTED", "The store is overloaded.", { resource: "store queue" });
  for (const own of [guard, ours]) {
    expect(storeError(own, true)).toBe(own);
    expect(thrownByStore(own)).toBe(own);
  }
});

overDatabases((open) => {
  it("tells a statement that is refused from trouble", async () => {
    const database = await open();
    const wrong = await database.run(script(statement("SELECT * FROM nowhere"))).catch((error: unknown) => error);
    expect(wrong).toMatchObject({ name: "CloudHostError", code: "INTERNAL" });
    expect(database.isTrouble(wrong)).toBe(false);
    await expect(database.all(database.read("nowhere"))).rejects.toMatchObject({ code: "INTERNAL" });
    await expect(database.transaction((inside) => inside("nowhere"))).rejects.toMatchObject({ code: "INTERNAL" });
  });
});
