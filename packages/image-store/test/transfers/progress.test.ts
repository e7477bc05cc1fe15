import type { TransferProgress } from "@cloudhost/core/ports";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../../src/codec/chunk-codec.ts";
import { ProgressMeter } from "../../src/transfers/progress.ts";

describe("the meter of a transfer", () => {
  it("counts what lies between chunks with data as zeros, and ends with every byte", () => {
    const told: TransferProgress[] = [];
    const meter = new ProgressMeter(10 * chunkBytes + 7, (progress) => void told.push(progress));
    meter.reached(2);
    meter.reached(3);
    meter.done(3, "new");
    meter.done(2, "duplicate");
    meter.reached(10);
    meter.done(10, "zero");
    meter.finish();
    expect(told.map(({ doneBytes }) => doneBytes)).toEqual([
      3 * chunkBytes,
      4 * chunkBytes,
      10 * chunkBytes + 7,
      10 * chunkBytes + 7,
    ]);
    expect(told.at(-1)).toMatchObject({ percent: 100, chunks: { total: 11, zero: 9, duplicate: 1, new: 1 } });
  });

  it("ends at once with a disk that is all zeros, however large", () => {
    const told: TransferProgress[] = [];
    const meter = new ProgressMeter(2 ** 44 - 1, (progress) => void told.push(progress));
    meter.finish();
    expect(told).toEqual([
      {
        doneBytes: 2 ** 44 - 1,
        totalBytes: 2 ** 44 - 1,
        percent: 100,
        chunks: { total: 4_194_304, zero: 4_194_304, duplicate: 0, new: 0 },
      },
    ]);
  });
});
