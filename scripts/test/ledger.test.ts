import { describe, expect, it } from "vitest";
import { sumLedger, zerosIn } from "../ledger.ts";

const lines = (...all: object[]): string => all.map((line) => `${JSON.stringify(line)}\n`).join("");

describe("the ledger of the host tests", () => {
  it("adds up what its lines say", () => {
    const text = lines(
      { test: "a", guestsBooted: 2, cgroupFilesRead: 4 },
      { test: "b", htbBytes: { "internal 1:10": 500, "external 1:10": 7 } },
      { test: "c", htbBytes: { "internal 1:10": 500 }, refusals: 1 },
    );
    expect(sumLedger(text)).toEqual({
      guestsBooted: 2,
      cgroupFilesRead: 4,
      htbBytes: { "internal 1:10": 1000, "external 1:10": 7 },
      refusals: 1,
    });
  });

  it("has no zero when all was done", () => {
    const whole = { test: "a", guestsBooted: 1, cgroupFilesRead: 1, htbBytes: { "1:10": 1 }, refusals: 1 };
    expect(zerosIn(sumLedger(lines(whole)))).toEqual([]);
  });

  it("names what nobody did", () => {
    expect(zerosIn(sumLedger(""))).toEqual(["guestsBooted", "cgroupFilesRead", "refusals", "classes with bytes"]);
    const idleClass = { test: "a", guestsBooted: 1, cgroupFilesRead: 1, htbBytes: { "1:10": 0 }, refusals: 1 };
    expect(zerosIn(sumLedger(lines(idleClass)))).toEqual(["bytes of class 1:10"]);
  });

  it("refuses a line that says something else", () => {
    expect(() => sumLedger(lines({ test: "a", guestBooted: 1 }))).toThrow(/guestBooted/);
  });
});
