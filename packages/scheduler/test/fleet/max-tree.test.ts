import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MaxTree, nobody } from "../../src/fleet/max-tree.ts";

const weight = fc.oneof(fc.constant(nobody), fc.integer({ min: -3, max: 3 }));

describe("a tree of weights", () => {
  it("finds what a search of all finds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 600 }).chain((length) =>
          fc.record({
            first: fc.array(weight, { minLength: length, maxLength: length }),
            later: fc.array(fc.tuple(fc.nat({ max: length - 1 }), weight)),
            asked: fc.array(fc.tuple(fc.nat({ max: length - 1 }), fc.integer({ min: -3, max: 3 }))),
          }),
        ),
        ({ first, later, asked }) => {
          const tree = new MaxTree(first.length);
          tree.fill((put) => {
            for (const [position, value] of first.entries()) put(position, value);
          });
          const weights = [...first];
          for (const [position, value] of later) {
            tree.set(position, value);
            weights[position] = value;
          }
          expect(tree.best).toBe(Math.max(...weights));
          for (const [position, least] of asked) {
            expect(tree.get(position)).toBe(weights[position]);
            const found = weights.findIndex((value, index) => index >= position && value >= least);
            expect(tree.firstFrom(position, least)).toBe(found);
          }
        },
      ),
    );
  });

  it("is of nobody at first", () => {
    const tree = new MaxTree(1000);
    expect(tree.best).toBe(nobody);
    expect(tree.firstFrom(0, 0)).toBe(-1);
  });
});
