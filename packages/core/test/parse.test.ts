import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isCloudHostError } from "../src/errors.ts";
import { parseInput } from "../src/parse.ts";

const Disk = z.strictObject({ sizeGib: z.int().min(1) });
const Box = z.strictObject({ name: z.string().default("box"), disks: z.array(Disk) });

/** What parsing this throws. */
function refusal(value: unknown) {
  try {
    parseInput(Box, value, "a box");
  } catch (error) {
    if (isCloudHostError(error, "INVALID_ARGUMENT")) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("parseInput", () => {
  it("gives the schema's output, defaults filled in", () => {
    expect(parseInput(Box, { disks: [{ sizeGib: 1 }] }, "a box")).toEqual({ name: "box", disks: [{ sizeGib: 1 }] });
  });

  it("tells the path of every fault at once, and the first in the message", () => {
    const error = refusal({ disks: [{ sizeGib: 1 }, { sizeGib: 0 }, { sizeGib: "2" }], color: "red" });
    expect(error.details.issues.map(({ path }) => path)).toEqual(["disks.1.sizeGib", "disks.2.sizeGib", ""]);
    expect(error.message).toMatch(/^This is not a box: .+ at disks\.1\.sizeGib \(and 2 more\)\.$/);
    expect(error.retryable).toBe(false);
  });

  it.each([[undefined], [null], [42], ["box"], [[]]])("refuses %o as a whole", (value) => {
    const error = refusal(value);
    expect(error.details.issues.map(({ path }) => path)).toEqual([""]);
    expect(error.message).toMatch(/^This is not a box: .+[^)]\.$/);
  });
});
