import { expect, it } from "vitest";
import { bytesOf, chunkKey, eachCase } from "./case.ts";
import type { OpenChunkBackendSubject } from "./case.ts";

const chunkBytes = 4_194_304;

/** Putting, getting and deleting: an object is whole or not there. */
export function objectsSuite(open: OpenChunkBackendSubject): void {
  it(
    "gives back what was put",
    eachCase(open, async ({ backend }) => {
      await backend.put(chunkKey(1), bytesOf(1, 1_000));
      expect(Buffer.from((await backend.get(chunkKey(1))) ?? [])).toEqual(Buffer.from(bytesOf(1, 1_000)));
      expect(await backend.size(chunkKey(1))).toBe(1_000);
    }),
  );

  it(
    "takes a whole chunk with its header",
    eachCase(open, async ({ backend }) => {
      const bytes = bytesOf(2, chunkBytes + 16);
      await backend.put(chunkKey(2), bytes);
      expect(Buffer.from(bytes).equals((await backend.get(chunkKey(2))) ?? new Uint8Array())).toBe(true);
    }),
  );

  it(
    "takes an empty object",
    eachCase(open, async ({ backend }) => {
      await backend.put("notes/empty", new Uint8Array());
      expect(await backend.get("notes/empty")).toHaveLength(0);
      expect(await backend.size("notes/empty")).toBe(0);
    }),
  );

  it(
    "has no object that was not put",
    eachCase(open, async ({ backend }) => {
      expect(await backend.get(chunkKey(3))).toBeUndefined();
      expect(await backend.size(chunkKey(3))).toBeUndefined();
    }),
  );

  it(
    "has no object under a part of a key",
    eachCase(open, async ({ backend }) => {
      await backend.put(chunkKey(4), bytesOf(4, 10));
      expect(await backend.get("chunks/sha256")).toBeUndefined();
      expect(await backend.get(`${chunkKey(4)}/more`)).toBeUndefined();
    }),
  );

  it(
    "takes the same object again",
    eachCase(open, async ({ backend }) => {
      await backend.put(chunkKey(5), bytesOf(5, 100));
      await backend.put(chunkKey(5), bytesOf(5, 100));
      expect(await backend.get(chunkKey(5))).toHaveLength(100);
    }),
  );

  it(
    "replaces a pointer",
    eachCase(open, async ({ backend }) => {
      await backend.put("names/one.0", bytesOf(6, 200));
      await backend.put("names/one.0", bytesOf(7, 20));
      expect(Buffer.from((await backend.get("names/one.0")) ?? [])).toEqual(Buffer.from(bytesOf(7, 20)));
    }),
  );

  it(
    "keeps no view of the bytes that it took or gave",
    eachCase(open, async ({ backend }) => {
      const bytes = bytesOf(8, 100);
      await backend.put(chunkKey(8), bytes);
      bytes.fill(0);
      (await backend.get(chunkKey(8)))?.fill(0);
      expect(Buffer.from((await backend.get(chunkKey(8))) ?? [])).toEqual(Buffer.from(bytesOf(8, 100)));
    }),
  );

  it(
    "deletes an object",
    eachCase(open, async ({ backend }) => {
      await backend.put(chunkKey(9), bytesOf(9, 10));
      await backend.delete(chunkKey(9));
      expect(await backend.get(chunkKey(9))).toBeUndefined();
    }),
  );

  it(
    "deletes what is not there, as after a crash",
    eachCase(open, async ({ backend }) => {
      await expect(backend.delete(chunkKey(10))).resolves.toBeUndefined();
    }),
  );

  it(
    "shows another process what was put",
    eachCase(open, async ({ backend, reopen }) => {
      await backend.put(chunkKey(11), bytesOf(11, 10));
      const other = await reopen();
      expect(await other.get(chunkKey(11))).toHaveLength(10);
      await other.delete(chunkKey(11));
      expect(await backend.size(chunkKey(11))).toBeUndefined();
    }),
  );

  it(
    "shows a reader the whole object or none while it is put again and again",
    eachCase(open, async ({ backend, tornPuts, skip }) => {
      skip(tornPuts === true, "the store under test tears puts");
      const sizes = new Set<number | undefined>();
      const done = new AbortController();
      const write = async (): Promise<void> => {
        for (let round = 0; round < 20; round += 1) await backend.put("names/busy.0", bytesOf(round, 1_000_000));
        done.abort();
      };
      const read = async (): Promise<void> => {
        while (!done.signal.aborted) sizes.add((await backend.get("names/busy.0"))?.length);
      };
      await Promise.all([write(), read(), read(), read(), read()]);
      sizes.delete(undefined);
      expect([...sizes].every((size) => size === 1_000_000)).toBe(true);
    }),
  );
}
