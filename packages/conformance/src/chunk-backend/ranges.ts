import { expect, it } from "vitest";
import { bytesOf, chunkKey, eachCase } from "./case.ts";
import type { OpenChunkBackendSubject } from "./case.ts";

/** Reading a part of an object. */
export function rangesSuite(open: OpenChunkBackendSubject): void {
  const whole = bytesOf(1, 1_000);
  const cases = [
    { what: "its beginning", start: 0, end: 16, expected: whole.slice(0, 16) },
    { what: "its middle", start: 400, end: 600, expected: whole.slice(400, 600) },
    { what: "its end, cut to what there is", start: 990, end: 5_000, expected: whole.slice(990) },
    { what: "nothing behind its end", start: 1_000, end: 1_010, expected: new Uint8Array() },
    { what: "nothing of an empty range", start: 10, end: 10, expected: new Uint8Array() },
  ];
  for (const { what, start, end, expected } of cases) {
    it(
      `reads ${what}`,
      eachCase(open, async ({ backend }) => {
        await backend.put(chunkKey(1), whole);
        const bytes = await backend.get(chunkKey(1), { range: { start, end } });
        expect(Buffer.from(bytes ?? [1])).toEqual(Buffer.from(expected));
      }),
    );
  }

  it(
    "reads no range of an object that is not there",
    eachCase(open, async ({ backend }) => {
      expect(await backend.get(chunkKey(2), { range: { start: 0, end: 10 } })).toBeUndefined();
    }),
  );
}
