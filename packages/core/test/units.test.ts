import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromGib, bytesFromMib, kbitFromMbit, mibFromGib, milliEcuFromEcu, msFrom } from "../src/units.ts";

describe("units", () => {
  it.each([
    [mibFromGib(4), 4096],
    [mibFromGib(0.5), 512],
    [kbitFromMbit(10), 10_000],
    [kbitFromMbit(1.5), 1500],
    [milliEcuFromEcu(2), 2000],
    [milliEcuFromEcu(0.25), 250],
    [bytesFromGib(1), 1_073_741_824],
    [bytesFromMib(4), 4_194_304],
    [msFrom({ hours: 1, minutes: 30 }), 5_400_000],
    [msFrom({ days: 1, seconds: 1, ms: 5 }), 86_401_005],
    [msFrom({}), 0],
  ])("gives base units: %d", (given, expected) => expect(given).toBe(expected));

  it.each([
    () => mibFromGib(0.0001),
    () => kbitFromMbit(0.0001),
    () => milliEcuFromEcu(1 / 3),
    () => mibFromGib(Number.NaN),
    () => bytesFromGib(2 ** 40),
  ])("refuses what is no whole number of the base unit: %s", (convert) => expect(convert).toThrow(RangeError));

  it("gives back what went in, for every whole amount", () => {
    fc.assert(fc.property(fc.nat(), (amount) => mibFromGib(amount) / 1024 === amount));
    fc.assert(fc.property(fc.nat(), (amount) => kbitFromMbit(amount) / 1000 === amount));
  });
});
