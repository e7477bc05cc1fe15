import { describe, expect, it } from "vitest";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { percentOf } from "../../src/operations/percent.ts";

const definition = (...types: ("decide" | "record" | "act")[]): Pick<OperationDefinition, "steps"> => ({
  steps: types.map((type, index) => ({ type, name: `step ${index}` }) as OperationDefinition["steps"][number]),
});

describe("how far an operation is", () => {
  const create = definition("decide", "record", "act", "act", "record");

  it.each([
    [0, 0, 0],
    [2, 0, 0],
    [2, 0.5, 25],
    [3, 0, 50],
    [3, 0.99, 99],
    [4, 0, 100],
    [-1, 0, 0],
  ])("counts only what takes time: at step %i, %d of it done, %i %%", (cursor, share, percent) => {
    expect(percentOf(create, cursor, share)).toBe(percent);
  });

  it("is all of the one step that takes time", () => {
    expect(percentOf(definition("act", "record"), 0, 0.62)).toBe(62);
  });

  it("is nothing where no step takes time", () => {
    expect(percentOf(definition("record"), 1)).toBe(0);
  });
});
