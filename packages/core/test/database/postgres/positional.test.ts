import { describe, expect, it } from "vitest";
import { positional } from "../../../src/database/postgres/positional.ts";

describe("positional", () => {
  it.each([
    ["SELECT 1", "SELECT 1"],
    ["UPDATE t SET a = ?, b = ? WHERE id = ?", "UPDATE t SET a = $1, b = $2 WHERE id = $3"],
    ["SELECT '?' , ?", "SELECT '?' , $1"],
    ["SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1"],
    ['SELECT "odd?name" FROM t WHERE x = ?', 'SELECT "odd?name" FROM t WHERE x = $1'],
    ["SELECT ?", "SELECT $1"],
  ])("%s", (sql, numbered) => {
    expect(positional(sql)).toBe(numbered);
    expect(positional(sql)).toBe(numbered);
  });

  it("numbers each statement from 1, however many there were", () => {
    for (let index = 0; index < 3000; index += 1) {
      expect(positional(`SELECT ${index} WHERE a = ? AND b = ?`)).toBe(`SELECT ${index} WHERE a = $1 AND b = $2`);
    }
  });
});
