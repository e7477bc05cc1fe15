import { describe, expect, it } from "vitest";
import { pauseMs } from "../../src/webhooks/back-off.ts";

const settings = { firstPauseMs: 1000, longestPauseMs: 60_000 };

describe("the pause before the next attempt", () => {
  it("is twice as long each time, less up to half, and never longer than the longest", () => {
    const wholes = [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    for (const [index, whole] of wholes.entries()) {
      const pause = pauseMs("dlv_1", index + 1, settings);
      expect(pause).toBeGreaterThan(whole / 2);
      expect(pause).toBeLessThanOrEqual(whole);
    }
  });

  it("is the same again for one delivery, and another for the next", () => {
    const pauses = Array.from({ length: 50 }, (_, index) => pauseMs(`dlv_${index}`, 1, settings));
    expect(pauses).toEqual(Array.from({ length: 50 }, (_, index) => pauseMs(`dlv_${index}`, 1, settings)));
    expect(new Set(pauses).size).toBeGreaterThan(40);
  });
});
