import { describe, expect, it } from "vitest";
import { hashText, tieOf } from "../src/tie-break.ts";

describe("the tie-break", () => {
  it("is the same in every process", () => {
    expect(hashText("foobar")).toBe(0xc0da6dc);
    expect(tieOf(5, 7)).toBe(2);
    expect(tieOf(7, 5)).toBe(0xfffffffe);
  });

  it("draws each of several alike hosts now and then", () => {
    const hosts = Array.from({ length: 10 }, (_, index) => hashText(`hst_${index}`));
    const wins = hosts.map(() => 0);
    for (let request = 0; request < 10_000; request += 1) {
      const ties = hosts.map((host) => tieOf(hashText(`op_${request}`), host));
      const winner = ties.indexOf(Math.min(...ties));
      wins[winner] = (wins[winner] ?? 0) + 1;
    }
    expect(Math.min(...wins)).toBeGreaterThan(10);
  });
});
