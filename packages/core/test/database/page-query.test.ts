import { describe, expect, it } from "vitest";
import { PageQuery } from "../../src/database/page-query.ts";
import { script, statement } from "../../src/database/script.ts";
import type { SliceRequest } from "../../src/lists/slice.ts";
import { overDatabases } from "../support/databases.ts";

interface Row {
  readonly id: string;
  readonly name: string;
}

const sorts = {
  createdAt: { column: "a.created_at_ms", type: "integer" },
  name: { column: "a.name", type: "text" },
  id: { column: "a.id", type: "text" },
} as const;
type Sort = keyof typeof sorts;

overDatabases((open) => {
  /** Rows `name@time`, their ids in the order given. */
  const setUp = async (...rows: readonly string[]) => {
    const database = await open();
    const table = database.tables.aggregates;
    let made = 0;
    const put = (...more: readonly string[]): Promise<void> =>
      database.run(
        script(
          ...more.map((row) => {
            const [name = "", time = "0"] = row.split("@");
            const values = [`agg_${String(made++).padStart(4, "0")}`, name, "{}", Number(time)];
            return statement(`INSERT INTO ${table} (id, name, properties, created_at_ms) VALUES (?, ?, ?, ?)`, values);
          }),
        ),
      );
    const remove = (name: string): Promise<void> =>
      database.run(script(statement(`DELETE FROM ${table} WHERE name = ?`, [name])));
    await put(...rows);
    const query = () => new PageQuery<Row, Sort>({ select: `SELECT a.* FROM ${table} a`, sorts, id: "a.id" });
    const page = async (part: SliceRequest<Sort>, asked = query()) => {
      const { items, next } = await asked.read(database, part);
      return { names: items.map(({ name }) => name), next };
    };
    const whole = async (part: SliceRequest<Sort>, asked = query): Promise<string[]> => {
      const found: string[] = [];
      let after = part.after;
      do {
        const { names, next } = await page({ ...part, after }, asked());
        found.push(...names);
        after = next;
      } while (after !== undefined);
      return found;
    };
    return { put, remove, query, page, whole };
  };

  describe("pages", () => {
    const rows = ["b@3", "a@3", "B@1", "_@2", "a-1@2", "Z@2", "0@1"];

    it("come in each order, both ways, each row once", async () => {
      const { whole } = await setUp(...rows);
      const byName = ["0", "B", "Z", "_", "a", "a-1", "b"];
      const byTime = ["B", "0", "_", "a-1", "Z", "b", "a"];
      for (const limit of [1, 2, 3, 7, 8]) {
        expect(await whole({ limit, sort: "name" })).toEqual(byName);
        expect(await whole({ limit, sort: "name", order: "desc" })).toEqual(byName.toReversed());
        expect(await whole({ limit, sort: "createdAt" })).toEqual(byTime);
        expect(await whole({ limit, sort: "createdAt", order: "desc" })).toEqual(byTime.toReversed());
        expect(await whole({ limit, sort: "id" })).toEqual(rows.map((row) => row.split("@")[0]));
      }
    });

    it("neither repeat nor skip what was there all the while", async () => {
      const { page, put, remove } = await setUp("c", "e", "g", "i");
      const first = await page({ limit: 2, sort: "name" });
      // The last row of the page is gone, one is before it, one right behind.
      await remove("e");
      await put("d", "f");
      const second = await page({ limit: 9, sort: "name", after: first.next });
      expect([first.names, second.names]).toEqual([
        ["c", "e"],
        ["f", "g", "i"],
      ]);
      expect([first.next, second.next]).toEqual([{ key: "e", id: "agg_0001" }, undefined]);
      expect((await page({ limit: 5, sort: "name" })).next).toBeUndefined();
    });

    it("are filtered, and merged in their order from several ranges", async () => {
      const { query, whole } = await setUp(...rows);
      const names = (asked: () => PageQuery<Row, Sort>) => whole({ limit: 1, sort: "name" }, asked);
      expect(await names(() => query().begins("a.name", "a"))).toEqual(["a", "a-1"]);
      expect(await names(() => query().equal("a.name", "a"))).toEqual(["a"]);
      expect(await names(() => query().equal("a.name", undefined))).toHaveLength(7);
      expect(await names(() => query().atLeast("a.created_at_ms", 2).below("a.created_at_ms", 3))).toEqual([
        "Z",
        "_",
        "a-1",
      ]);
      expect(await names(() => query().where("a.name > ?", "a"))).toEqual(["a-1", "b"]);
      const either = (): PageQuery<Row, Sort> =>
        query().oneOf("a.created_at_ms", [1, 3]).oneOf("a.name", ["a", "b", "B", "none"]);
      for (const limit of [1, 2, 5]) {
        expect(await whole({ limit, sort: "name" }, either)).toEqual(["B", "a", "b"]);
        expect(await whole({ limit, sort: "createdAt", order: "desc" }, either)).toEqual(["a", "b", "B"]);
      }
    });
  });
});

it.each([
  { key: "a", id: "agg_0000" },
  { key: 2 ** 60, id: "agg_0000" },
  { key: 1, id: "agg\0" },
])("a page behind the made up position %j is refused", (after) => {
  const query = new PageQuery<Row, Sort>({ select: "SELECT a.* FROM aggregates a", sorts, id: "a.id" });
  const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error;
  expect(() => query.statement({ limit: 1, sort: "createdAt", after })).toThrow(refused);
});
