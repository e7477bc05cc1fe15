import { from, lastValueFrom, throwError, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { forwardOnly } from "../../src/operations/forward-only.ts";
import type { OperationProgress, OperationState } from "../../src/operations/model.ts";

const at = (state: OperationState, percent: number): OperationProgress => ({
  operationId: "op_x",
  state,
  step: "start",
  percent,
});
const passed = (...news: OperationProgress[]) => lastValueFrom(from(news).pipe(forwardOnly(), toArray()));

describe("forwardOnly", () => {
  it("passes over what is from before", async () => {
    const told = await passed(at("running", 50), at("running", 25), at("running", 50), at("running", 75));
    expect(told.map(({ percent }) => percent)).toEqual([50, 50, 75]);
  });

  it("lets an operation go back only while it is undone", async () => {
    const back = [at("running", 75), at("undoing", 75), at("running", 80), at("undoing", 25), at("undoing", 50)];
    const told = await passed(...back, at("failed", 0));
    expect(told.map(({ state, percent }) => `${state} ${percent}`)).toEqual([
      "running 75",
      "undoing 75",
      "undoing 25",
      "failed 0",
    ]);
  });

  it("passes errors on", async () => {
    const failing = throwError(() => new Error("gone")).pipe(forwardOnly());
    await expect(lastValueFrom(failing)).rejects.toThrow("gone");
  });
});
