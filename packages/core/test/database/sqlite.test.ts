import { afterEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/clock/system-clock.ts";
import { migrateDatabase } from "../../src/database/migrations/migrate.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { script, statement } from "../../src/database/script.ts";
import { newDatabase } from "../support/databases.ts";

describe("the SQLite store", () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });
  const open = async () => {
    const url = await newDatabase("sqlite", closers);
    const database = await openDatabase({ database: url, clock: systemClock() });
    closers.push(async () => database[Symbol.asyncDispose]());
    await migrateDatabase(database);
    return { database, url };
  };

  it("refuses a query outside the open transaction, which would wait for it", async () => {
    const { database } = await open();
    const { counters } = database.tables;
    const nested = database.transaction(async () => {
      await database.write(counters).select();
    });
    await expect(nested).rejects.toMatchObject({ code: "INTERNAL" });
    const scripted = database.transaction(() => database.run(script(statement(`DELETE FROM ${counters}`))));
    await expect(scripted).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await database.write(counters).select()).toHaveLength(1);
  });

  it("lets a task that outlives its transaction query again", async () => {
    const { database } = await open();
    let later: Promise<unknown[]> | undefined;
    await database.transaction(async () => {
      later = new Promise((resolve) => setTimeout(resolve, 10)).then(() =>
        database.write(database.tables.counters).select(),
      );
    });
    await expect(later).resolves.toHaveLength(1);
  });

  it("rolls back a commit that fails, so that later writes are kept", async () => {
    const { database, url } = await open();
    await database.write.raw("CREATE TABLE parent (id INTEGER PRIMARY KEY)");
    await database.write.raw("CREATE TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)");
    const failed = database.transaction(async (transaction) => transaction.raw("INSERT INTO child VALUES (7)"));
    await expect(failed).rejects.toThrow(/FOREIGN KEY/);
    await database.write("parent").insert({ id: 1 });
    const other = await openDatabase({ database: url, clock: systemClock() });
    closers.push(async () => other[Symbol.asyncDispose]());
    expect(await other.all(other.read("parent"))).toEqual([{ id: 1 }]);
  });

  it("refuses what would end other callers' transaction", async () => {
    const { database } = await open();
    const { counters } = database.tables;
    await expect(database.run(script(statement("COMMIT")))).rejects.toThrow(/begins and ends none/);
    await expect(
      database.run(script(statement(`INSERT OR ROLLBACK INTO ${counters} VALUES ('a', 1)`))),
    ).rejects.toThrow(/OR ROLLBACK/);
    await database.run(script(statement(`INSERT INTO ${counters} VALUES ('b', 1)`)));
    expect(await database.all(database.read(counters).where({ name: "b" }))).toHaveLength(1);
  });

  it("cannot be written through its reading side", async () => {
    const { database } = await open();
    await expect(database.read(database.tables.counters).insert({ name: "x", value: 1 })).rejects.toThrow(
      /readonly|query_only|write/i,
    );
  });

  it("begins with the lock, so that transactions that read first do not fail each other", async () => {
    const { database, url } = await open();
    const other = await openDatabase({ database: url, clock: systemClock() });
    closers.push(async () => other[Symbol.asyncDispose]());
    const { counters } = database.tables;
    const add = (on: typeof database) =>
      on.transaction(async (transaction) => {
        const row = await transaction(counters).where({ name: "fence" }).first<{ value: number }>();
        await transaction(counters)
          .where({ name: "fence" })
          .update({ value: (row?.value ?? 0) + 1 });
      });
    await Promise.all(Array.from({ length: 20 }, (_, index) => add(index % 2 === 0 ? database : other)));
    expect(await database.first(database.read(counters).where({ name: "fence" }))).toMatchObject({ value: 20 });
  });

  it("says in a sentence what is no database, and which string it takes", async () => {
    const clock = systemClock();
    await expect(openDatabase({ database: "mysql://x", clock })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(openDatabase({ database: "sqlite::memory:", clock })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(openDatabase({ database: `sqlite:${import.meta.filename}`, clock })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("cannot be opened") as string,
    });
    await expect(openDatabase({ database: "postgres://nobody@127.0.0.1:1/x", clock })).rejects.toMatchObject({
      code: "HOST_UNAVAILABLE",
      retryable: true,
    });
  });
});
