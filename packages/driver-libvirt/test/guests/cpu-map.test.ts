import { describe, expect, it } from "vitest";
import { cpuMap } from "../../src/guests/cpu-map.ts";

describe("a set of processors as a map", () => {
  it("has one bit for each", () => {
    expect([...cpuMap("0,2-3")]).toEqual([0b1101]);
    expect([...cpuMap("1")]).toEqual([0b10]);
    expect([...cpuMap("7-8,16")]).toEqual([0x80, 1, 1]);
  });
});
