import { expect, it } from "vitest";
import { bytesOf, chunkKey, eachCase, keysOf } from "./case.ts";
import type { OpenChunkBackendSubject } from "./case.ts";

/** A signal that has fired, before and in the middle. */
export function cancelSuite(open: OpenChunkBackendSubject): void {
  it(
    "does nothing once the signal has fired",
    eachCase(open, async ({ backend }) => {
      await backend.put(chunkKey(1), bytesOf(1, 10));
      const signal = AbortSignal.abort();
      const refused = { code: "CANCELLED" };
      await expect(backend.get(chunkKey(1), { signal })).rejects.toMatchObject(refused);
      await expect(backend.size(chunkKey(1), signal)).rejects.toMatchObject(refused);
      await expect(backend.put(chunkKey(2), bytesOf(2, 10), signal)).rejects.toMatchObject(refused);
      await expect(backend.delete(chunkKey(1), signal)).rejects.toMatchObject(refused);
      await expect(backend.list("", signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      expect(await keysOf(backend, "")).toEqual([chunkKey(1)]);
    }),
  );

  it(
    "leaves the whole object or none when a put is cancelled",
    eachCase(open, async ({ backend }) => {
      const controller = new AbortController();
      const put = backend.put(chunkKey(1), bytesOf(1, 2_000_000), controller.signal).then(
        () => ({ code: "done" }),
        (error: unknown) => error,
      );
      controller.abort();
      expect(await put).toMatchObject({ code: expect.stringMatching(/^(done|CANCELLED)$/) as string });
      expect([undefined, 2_000_000]).toContain((await backend.get(chunkKey(1)))?.length);
    }),
  );
}
