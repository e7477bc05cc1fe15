import { describe, expect, it } from "vitest";
import { z } from "zod";
import { byName, oneOrMore } from "../../src/lists/filters.ts";
import { pageBy } from "../../src/lists/page-by.ts";

const Animals = pageBy(["createdAt", "name"]).extend({
  ...byName,
  state: oneOrMore(z.enum(["awake", "asleep", "gone"])).optional(),
});

describe("what a list is asked with", () => {
  it("is the first hundred in the first order, unless it is said", () => {
    expect(Animals.parse({})).toEqual({ limit: 100, sort: "createdAt", order: "asc" });
    expect(Animals.parse({ sort: "name", order: "desc" })).toEqual({ limit: 100, sort: "name", order: "desc" });
  });

  it.each([
    { limit: 0 },
    { limit: 1001 },
    { limit: 10, offset: 5 },
    { sort: "size" },
    { order: "down" },
    { after: "a b" },
    { after: "" },
    { state: "dead" },
    { state: [] },
    { namePrefix: "" },
    { namePrefix: "%" },
  ])("is not %j", (input) => expect(Animals.safeParse(input).success).toBe(false));

  it("has one value or several, and the same ones are the same however they are said", () => {
    expect(Animals.parse({ state: "gone" }).state).toEqual(["gone"]);
    expect(Animals.parse({ state: ["gone", "awake", "gone"] }).state).toEqual(["awake", "gone"]);
  });
});
