import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../../src/codec/chunk-codec.ts";
import { planChunks } from "../../src/disks/chunk-plan.ts";
import type { ChunkPlan } from "../../src/disks/chunk-plan.ts";
import type { Extent } from "../../src/disks/extent.ts";

const planOf = async (extents: readonly Extent[], logicalBytes: number): Promise<ChunkPlan[]> => {
  const plans: ChunkPlan[] = [];
  for await (const plan of planChunks(extents, logicalBytes)) plans.push(plan);
  return plans;
};

/** Extents in order, without overlap. */
const layouts = fc
  .array(
    fc.record({ gap: fc.nat(3 * chunkBytes), length: fc.integer({ min: 1, max: 3 * chunkBytes }), file: fc.nat(2) }),
    {
      maxLength: 12,
    },
  )
  .map((steps) => {
    let start = 0;
    return steps.map(({ gap, length, file }, number): Extent => {
      start += gap;
      const extent = { start, length, file, offset: number * 100_000_000 };
      start += length;
      return extent;
    });
  });

describe("cutting extents into chunks", () => {
  it("has every byte of them at its place, once, and none beyond the end", async () => {
    await fc.assert(
      fc.asyncProperty(layouts, fc.nat(30 * chunkBytes), async (extents, logicalBytes) => {
        const plans = await planOf(extents, logicalBytes);
        const pieces = plans.flatMap(({ index, pieces: parts }) =>
          parts.map(({ at, ...rest }) => ({ ...rest, start: index * chunkBytes + at, end: at + rest.length })),
        );
        expect(pieces.every(({ end }) => end <= chunkBytes)).toBe(true);
        const joined = join(pieces);
        const wanted = extents
          .map((extent) => ({ ...extent, length: Math.min(extent.length, logicalBytes - extent.start) }))
          .filter(({ length }) => length > 0);
        expect(joined).toEqual(join(wanted));
      }),
    );
  });

  it("plans each chunk once, in order, and none without data", async () => {
    await fc.assert(
      fc.asyncProperty(layouts, async (extents) => {
        const plans = await planOf(extents, 100 * chunkBytes);
        const indexes = plans.map(({ index }) => index);
        expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
        expect(plans.every(({ pieces }) => pieces.length > 0)).toBe(true);
      }),
    );
  });
});

interface Stretch {
  readonly start: number;
  readonly length: number;
  readonly file: number;
  readonly offset: number;
}

/** Stretches that continue each other, as one. */
function join(stretches: readonly Stretch[]): Stretch[] {
  const joined: Stretch[] = [];
  for (const { start, length, file, offset } of stretches) {
    const last = joined.at(-1);
    if (
      last !== undefined &&
      last.file === file &&
      last.start + last.length === start &&
      last.offset + last.length === offset
    ) {
      joined[joined.length - 1] = { ...last, length: last.length + length };
    } else joined.push({ start, length, file, offset });
  }
  return joined;
}
