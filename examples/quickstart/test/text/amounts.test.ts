import { describe, expect, it } from "vitest";
import { amountOf, bandwidth, bytes, gauge, percent, plural, seconds } from "../../src/text/amounts.ts";

describe("amounts as people read them", () => {
  it.each([
    [4000, "mEUCU", "4 EUCU"],
    [2500, "mEUCU", "2.5 EUCU"],
    [63_488, "MiB", "62 GiB"],
    [590, "MiB", "590 MiB"],
    [2940, "GiB", "2,940 GiB"],
    [900_000, "kbit/s", "900 Mb/s"],
    [9_900_000, "kbit/s", "9.9 Gb/s"],
    [30, "servers", "30"],
  ])("%d %s is %s", (value, unit, text) => {
    expect(amountOf(value, unit)).toBe(text);
  });

  it.each([
    [0, "0 bytes"],
    [1023, "1,023 bytes"],
    [33_326, "32.5 KiB"],
    [128 * 2 ** 20, "128 MiB"],
    [10 * 2 ** 30, "10 GiB"],
    [5000 * 2 ** 30, "5,000 GiB"],
  ])("%d bytes are %s", (value, text) => {
    expect(bytes(value)).toBe(text);
  });

  it("tells short times in milliseconds, and small shares with a decimal", () => {
    expect([seconds(0), seconds(99), seconds(100), seconds(6912)]).toEqual(["0 ms", "99 ms", "0.1 s", "6.9 s"]);
    expect([percent(1.07), percent(28.3), percent(100)]).toEqual(["1.1 %", "28 %", "100 %"]);
    expect([plural(1, "chunk"), plural(2, "chunk"), plural(0, "entry", "entries")]).toEqual([
      "1 chunk",
      "2 chunks",
      "0 entries",
    ]);
    expect(bandwidth(184_000)).toBe("184 Mb/s");
  });

  it.each([
    [0, 100, "▱▱▱▱▱▱▱▱▱▱▱▱"],
    [1, 1000, "▰▱▱▱▱▱▱▱▱▱▱▱"],
    [50, 100, "▰▰▰▰▰▰▱▱▱▱▱▱"],
    [100, 100, "▰▰▰▰▰▰▰▰▰▰▰▰"],
    // A limit may be lowered below what is used.
    [150, 100, "▰▰▰▰▰▰▰▰▰▰▰▰"],
    [5, -1, ""],
    [0, 0, ""],
  ])("draws %d of %d", (used, total, drawn) => {
    expect(gauge(used, total)).toBe(drawn);
  });
});
