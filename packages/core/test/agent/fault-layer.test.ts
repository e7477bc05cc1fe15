import { describe, expect, it } from "vitest";
import { FaultLayer } from "../../src/agent/fault-layer.ts";
import type { BusFaults } from "../../src/agent/fault-layer.ts";

const many = (faults: BusFaults): (readonly number[])[] => {
  const layer = new FaultLayer(faults);
  return Array.from({ length: 2_000 }, () => layer.next());
};

const share = (messages: readonly (readonly number[])[], is: (copies: readonly number[]) => boolean): number =>
  messages.filter(is).length / messages.length;

describe("FaultLayer", () => {
  it("does nothing by default", () => {
    expect(new Set(many({ seed: 1 }).map((copies) => copies.join()))).toEqual(new Set(["0"]));
  });

  it("does the same for the same seed", () => {
    const faults = { drop: 0.2, repeat: 0.2, delayMs: 100, reorder: 0.2 };
    expect(many({ seed: 7, ...faults })).toEqual(many({ seed: 7, ...faults }));
    expect(many({ seed: 7, ...faults })).not.toEqual(many({ seed: 8, ...faults }));
  });

  it("drops and repeats as often as it is told", () => {
    const messages = many({ seed: 1, drop: 0.25, repeat: 0.5 });
    expect(share(messages, ({ length }) => length === 0)).toBeCloseTo(0.25, 1);
    expect(share(messages, ({ length }) => length === 2)).toBeCloseTo(0.375, 1);
  });

  it("delays no longer than it is told, and holds some back", () => {
    expect(
      many({ seed: 1, delayMs: 20 })
        .flat()
        .every((ms) => ms >= 0 && ms <= 20),
    ).toBe(true);
    const held = many({ seed: 1, reorder: 0.5 }).flat();
    expect(held.filter((ms) => ms > 0).length / held.length).toBeCloseTo(0.5, 1);
    expect(Math.max(...held)).toBeLessThanOrEqual(50);
  });

  it("refuses what is no chance", () => {
    expect(() => new FaultLayer({ seed: 1, drop: 1.5 })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});
