import { describe, expect, it } from "vitest";
import { hashText, tieOf } from "../src/tie-break.ts";

describe("the tie-break", () => {
  it("is the same in every process", () => {
    expect(hashText("foobar")).toBe(0xbf9cf968);
    expect(tieOf(0xbf9cf968, 0xe40c292c)).toBe(3_580_931_845);
  });

  it("draws alike hosts evenly", () => {
    const hosts = Array.from({ length: 10 }, (_, index) => hashText(`hst_${index}`));
    const wins = hosts.map(() => 0);
    for (let request = 0; request < 10_000; request += 1) {
      const ties = hosts.map((host) => tieOf(hashText(`op_${request}`), host));
      const winner = ties.indexOf(Math.min(...ties));
      wins[winner] = (wins[winner] ?? 0) + 1;
    }
    expect(Math.min(...wins)).toBeGreaterThan(850);
    expect(Math.max(...wins)).toBeLessThan(1150);
  });
});
