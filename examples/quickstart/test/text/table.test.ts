import { describe, expect, it } from "vitest";
import { palette } from "../../src/text/palette.ts";
import { table } from "../../src/text/table.ts";

const columns = [{ title: "host" }, { title: "EUCU", align: "right" as const }, { title: "zone" }];

describe("a table", () => {
  it("is as wide as its cells, numbers flush right", () => {
    expect(
      table(columns, [
        ["host-1", "60", "az-1"],
        ["h", "1,093", "az-22"],
      ]),
    ).toEqual([
      "host     EUCU  zone", //
      "──────  ─────  ─────",
      "host-1     60  az-1",
      "h       1,093  az-22",
    ]);
  });

  it("gives colours no room", () => {
    const { name } = palette(true);
    const [, , plain] = table(columns, [["host-1", "60", "az-1"]]);
    const [, , coloured] = table(columns, [[name("host-1"), "60", "az-1"]]);
    expect(coloured).toBe(plain?.replace("host-1", name("host-1")));
    expect(coloured).not.toBe(plain);
  });

  it("has titles also without rows, and leaves missing cells empty", () => {
    expect(table(columns, [])).toEqual(["host  EUCU  zone", "────  ────  ────"]);
    expect(table(columns, [["a"]]).at(-1)).toBe("a");
  });
});
