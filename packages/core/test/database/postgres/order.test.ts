import { expect, it } from "vitest";
import { systemClock } from "../../../src/clock/system-clock.ts";
import { migrateDatabase } from "../../../src/database/migrations/migrate.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { script } from "../../../src/database/script.ts";
import { AggregateStore } from "../../../src/aggregates/store.ts";
import { newDatabase } from "../../support/databases.ts";

it("sorts names by their characters' codes in a database made for another language too", async () => {
  const url = new URL(await newDatabase("postgres", []));
  const name = `${url.pathname.slice(1)}_de`;
  {
    await using neighbour = await openDatabase({ database: url.href, clock: systemClock() });
    await neighbour.write.raw(`CREATE DATABASE ?? TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de'`, [name]);
  }
  url.pathname = name;
  await using database = await openDatabase({ database: url.href, clock: systemClock() });
  await migrateDatabase(database);
  const aggregates = new AggregateStore(database);
  for (const [index, text] of ["b", "B", "a-1", "a_1", "A", "a"].entries()) {
    const aggregate = { id: `agg_${index}`, name: text, properties: {}, createdAtMs: 1 };
    await database.run(script(...aggregates.create(aggregate).statements));
  }
  const names = async (after?: { readonly key: string; readonly id: string }): Promise<string[]> => {
    const { items, next } = await aggregates.find({}, { limit: 2, sort: "name", after });
    return [...items.map((item) => item.name), ...(next === undefined ? [] : await names(next as typeof after))];
  };
  expect(await names()).toEqual(["A", "B", "a", "a-1", "a_1", "b"]);
  const { items } = await aggregates.find({ namePrefix: "a" }, { limit: 9, sort: "name" });
  expect(items.map((item) => item.name)).toEqual(["a", "a-1", "a_1"]);
});
