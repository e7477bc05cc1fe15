import { expect, it } from "vitest";
import { GuardFailed, guarded, insertInto, script, statement } from "../../src/database/script.ts";
import type { Database } from "../../src/database/database.ts";
import { overDatabases } from "../support/databases.ts";

const put = (database: Database, name: string, value: number) => insertInto(database.tables.counters, { name, value });
const valueOf = async (database: Database, name: string): Promise<number | undefined> =>
  (await database.first<{ value: number }>(database.read(database.tables.counters).where({ name })))?.value;

overDatabases((open) => {
  it("commits a script whole, and gives its rows", async () => {
    const database = await open();
    const { counters } = database.tables;
    const sum = await database.run({
      statements: [
        put(database, "a", 1),
        put(database, "b", 2),
        statement(`UPDATE ${counters} SET value = value + 40 WHERE name = ? RETURNING value`, ["b"]),
      ],
      result: (rows) => rows[2]?.[0]?.["value"],
    });
    expect(sum).toBe(42);
    expect(await valueOf(database, "a")).toBe(1);
  });

  it("undoes all of a script whose guard does not hold, and names the guard", async () => {
    const database = await open();
    const { counters } = database.tables;
    const refused = database.run(
      script(put(database, "a", 1), guarded("enough", `UPDATE ${counters} SET value = 0 WHERE name = ?`, ["nobody"])),
    );
    await expect(refused).rejects.toThrow(GuardFailed);
    await expect(refused).rejects.toMatchObject({ guard: "enough", statement: 1 });
    expect(await valueOf(database, "a")).toBeUndefined();
  });

  it("lets the others of a group commit when one of them fails", async () => {
    const database = await open();
    const outcomes = await Promise.allSettled([
      database.run(script(put(database, "a", 1))),
      database.run(script(put(database, "a", 2))),
      database.run(script(put(database, "b", 3))),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(await valueOf(database, "b")).toBe(3);
  });

  it("tells each of many at once what became of its own script", async () => {
    const database = await open();
    const { counters } = database.tables;
    await database.run(script(put(database, "left", 5)));
    const take = `UPDATE ${counters} SET value = value - 1 WHERE name = ? AND value > 0 RETURNING value`;
    const takers = Array.from({ length: 12 }, (_, index) =>
      database.run({
        statements: [put(database, `taker ${index}`, index), guarded("left", take, ["left"])],
        result: (rows) => Number(rows[1]?.[0]?.["value"]),
      }),
    );
    const outcomes = await Promise.allSettled(takers);
    const given = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(new Set(given)).toEqual(new Set([0, 1, 2, 3, 4]));
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    expect(refused).toHaveLength(7);
    for (const error of refused) expect(error).toMatchObject({ guard: "left", statement: 1 });
    expect(await database.all(database.read(counters).where("name", "like", "taker %"))).toHaveLength(5);
  });

  it("holds guards on statements with rows and without, and on more rows than one", async () => {
    const database = await open();
    const { counters } = database.tables;
    await database.run(script(put(database, "a", 1), put(database, "b", 1)));
    const rows = await database.run({
      statements: [
        guarded("read", `SELECT value FROM ${counters} WHERE name = ?`, ["a"]),
        guarded("silent", `UPDATE ${counters} SET value = 2 WHERE name = ?`, ["a"]),
        { ...guarded("both", `UPDATE ${counters} SET value = 3 WHERE name IN (?, ?)`, ["a", "b"]), expect: 2 },
      ],
      result: (all) => all,
    });
    expect(rows).toEqual([[{ value: 1 }], [], []]);
    const tooMany = database.run(script(guarded("one", `UPDATE ${counters} SET value = 4 WHERE name IN ('a', 'b')`)));
    await expect(tooMany).rejects.toMatchObject({ guard: "one", statement: 0 });
    expect(await valueOf(database, "b")).toBe(3);
  });

  it("goes on when a newer version adds a column", async () => {
    const database = await open();
    const { counters } = database.tables;
    const add = async (name: string) =>
      database.run({
        statements: [statement(`INSERT INTO ${counters} (name, value) VALUES (?, 1) RETURNING *`, [name])],
        result: ([rows]) => rows?.[0],
      });
    const read = async () => (await database.select(`SELECT * FROM ${counters} WHERE name = ?`, ["a"]))[0];
    expect([await add("a"), await read()]).toEqual([
      { name: "a", value: 1 },
      { name: "a", value: 1 },
    ]);
    await database.write.schema.alterTable(counters, (table) => void table.integer("newer"));
    expect([await add("b"), await read()]).toEqual([
      { name: "b", value: 1, newer: null },
      { name: "a", value: 1, newer: null },
    ]);
  });

  it("reads integers as numbers, up to 2^53", async () => {
    const database = await open();
    await database.run(script(put(database, "large", Number.MAX_SAFE_INTEGER)));
    expect(await valueOf(database, "large")).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("gives fencing numbers that only rise, to any number of writers", async () => {
    const database = await open();
    const { counters } = database.tables;
    const { before, value } = database.fence;
    const next = (name: string) =>
      database.run({
        statements: [
          put(database, name, 0),
          ...before.map(({ sql }) => statement(sql)),
          statement(`UPDATE ${counters} SET value = ${value} WHERE name = ? RETURNING value`, [name]),
        ],
        result: (rows) => Number(rows.at(-1)?.[0]?.["value"]),
      });
    const numbers = await Promise.all(Array.from({ length: 20 }, (_, index) => next(`n${index}`)));
    expect(new Set(numbers).size).toBe(20);
    expect(await next("last")).toBeGreaterThan(Math.max(...numbers));
  });

  it("undoes an interactive transaction that throws, and goes on", async () => {
    const database = await open();
    const { counters } = database.tables;
    const broken = database.transaction(async (transaction) => {
      await transaction(counters).insert({ name: "a", value: 1 });
      throw new Error("no");
    });
    await expect(broken).rejects.toThrow("no");
    await database.transaction(async (transaction) => transaction(counters).insert({ name: "b", value: 2 }));
    expect(await valueOf(database, "a")).toBeUndefined();
    expect(await valueOf(database, "b")).toBe(2);
  });

  it("keeps scripts out of an open interactive transaction", async () => {
    const database = await open();
    const { counters } = database.tables;
    const opened = Promise.withResolvers<void>();
    const closing = Promise.withResolvers<void>();
    // From outside: inside its own transaction a script would be refused.
    const write = async (): Promise<void> => {
      await opened.promise;
      setTimeout(closing.resolve, 20);
      await database.run(script(put(database, "outside", 2)));
    };
    const written = write();
    const broken = database.transaction(async (transaction) => {
      await transaction(counters).insert({ name: "inside", value: 1 });
      opened.resolve();
      await closing.promise;
      throw new Error("undone");
    });
    await expect(broken).rejects.toThrow("undone");
    await written;
    expect(await valueOf(database, "inside")).toBeUndefined();
    expect(await valueOf(database, "outside")).toBe(2);
  });
});
