import { access } from "node:fs/promises";
import { expect, it } from "vitest";
import { chunkBytes, sameFiles } from "../image-store/disk-files.ts";
import { eachCase } from "./case.ts";
import type { OpenHostImagesSubject } from "./case.ts";

const oneChunk = (seed: number): { bytes: number; chunks: Record<number, number> } => ({
  bytes: chunkBytes,
  chunks: { 0: seed },
});
/** Room for two bases of one chunk. */
const maxBytes = 2 * chunkBytes + 100_000;

/** Holding and evicting: what a guest holds stays; what nobody holds goes when room is needed. */
export function holdersSuite(open: OpenHostImagesSubject): void {
  it(
    "knows who holds bases, also after a restart",
    eachCase(open, async ({ images, image, guest, reopen }) => {
      const { raw: _raw, ...wanted } = await image("disk", { bytes: 60_000, chunks: { 0: 1 } });
      const holders = [guest(), guest()];
      for (const holder of holders) await images.ensure({ ...wanted, holder });
      expect(await images.holders()).toEqual(holders);
      expect(await (await reopen()).holders()).toEqual(holders);
    }),
  );

  it(
    "forgets a holder that released, and an unknown one holds nothing",
    eachCase(open, async ({ images, image, guest, reopen }) => {
      const { raw: _raw, ...wanted } = await image("disk", { bytes: 60_000, chunks: { 0: 1 } });
      const [one, two] = [guest(), guest()];
      await images.ensure({ ...wanted, holder: one });
      await images.ensure({ ...wanted, holder: two });
      await images.release(one);
      await images.release(one);
      await images.release(guest());
      expect(await images.holders()).toEqual([two]);
      expect(await (await reopen()).holders()).toEqual([two]);
    }),
  );

  it(
    "lets a guest hold several bases, and releases them together",
    eachCase(open, async ({ images, image, guest }) => {
      const holder = guest();
      for (const seed of [1, 2]) {
        const { raw: _raw, ...wanted } = await image(`disk-${seed}`, { bytes: 60_000, chunks: { 0: seed } });
        await images.ensure({ ...wanted, holder });
      }
      expect(await images.holders()).toEqual([holder]);
      await images.release(holder);
      expect(await images.holders()).toEqual([]);
    }),
  );

  it(
    "goes on holding what a release keeps, and lets the others go",
    eachCase(
      open,
      async ({ images, image, guest }) => {
        const ensure = async (seed: number, holder: string) => {
          const { raw: _raw, ...wanted } = await image(`disk-${seed}`, oneChunk(seed));
          return images.ensure({ ...wanted, holder });
        };
        const holder = guest();
        const [first, second] = [await ensure(1, holder), await ensure(2, holder)];
        await images.release(holder, [second.digest]);
        expect(await images.holders()).toEqual([holder]);
        await ensure(3, guest());
        await expect(access(first.path)).rejects.toThrow("ENOENT");
        await expect(access(second.path)).resolves.toBeUndefined();
      },
      { maxBytes },
    ),
  );

  it(
    "evicts what nobody holds, the longest unwanted first",
    eachCase(
      open,
      async ({ images, image, guest }) => {
        const ensure = async (seed: number, holder: string): Promise<string> => {
          const { raw: _raw, ...wanted } = await image(`disk-${seed}`, oneChunk(seed));
          return (await images.ensure({ ...wanted, holder })).path;
        };
        const [one, two] = [guest(), guest()];
        const [first, second] = [await ensure(1, one), await ensure(2, two)];
        await images.release(one);
        await images.release(two);
        const third = await ensure(3, guest());
        await expect(access(first)).rejects.toThrow("ENOENT");
        await expect(access(second)).resolves.toBeUndefined();
        await expect(access(third)).resolves.toBeUndefined();
      },
      { maxBytes },
    ),
  );

  it(
    "evicts nothing that is held, and says that there is no room",
    eachCase(
      open,
      async ({ images, image, guest, reopen }) => {
        const held: { path: string; raw: string }[] = [];
        for (const seed of [1, 2]) {
          const { raw, ...wanted } = await image(`disk-${seed}`, oneChunk(seed));
          held.push({ raw, path: (await images.ensure({ ...wanted, holder: guest() })).path });
        }
        const { raw: _raw, ...wanted } = await image("disk-3", oneChunk(3));
        for (const opened of [images, await reopen()]) {
          await expect(opened.ensure({ ...wanted, holder: guest() })).rejects.toMatchObject({ code: "EXHAUSTED" });
        }
        for (const { path, raw } of held) expect(await sameFiles(path, raw)).toBe(true);
        expect(await images.holders()).toHaveLength(2);
      },
      { maxBytes },
    ),
  );

  it(
    "gives nobody a base that is about to be evicted",
    eachCase(
      open,
      async ({ images, image, guest, reopen }) => {
        const other = await reopen();
        const wanted = await Promise.all([1, 2, 3].map((seed) => image(`disk-${seed}`, oneChunk(seed))));
        const churn = async (opened: typeof images, order: readonly number[]): Promise<void> => {
          for (const { raw, ...each } of order.flatMap((index) => wanted[index] ?? [])) {
            const holder = guest();
            const base = await opened.ensure({ ...each, holder });
            expect(await sameFiles(base.path, raw)).toBe(true);
            await opened.release(holder);
          }
        };
        await Promise.all([churn(images, [0, 1, 2, 0, 1, 2]), churn(other, [1, 2, 0, 2, 1, 0])]);
        expect(await images.holders()).toEqual([]);
      },
      { maxBytes },
    ),
  );
}
