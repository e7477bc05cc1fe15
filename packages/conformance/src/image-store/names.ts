import { expect, it } from "vitest";
import { eachCase, listed, namesOf } from "./case.ts";
import type { OpenImageStoreSubject } from "./case.ts";

const good = [
  "a",
  "img_06f3k2v8q1c9x7m4n5p0r2t6wz",
  "Debian-12",
  "DEBIAN-12",
  "debian-12",
  "v1.2_final",
  "-",
  "_",
  "x".repeat(128),
];
const bad = [
  "",
  ".",
  "..",
  ".hidden",
  "a/b",
  "../a",
  "a b",
  "a;rm -rf",
  "$(id)",
  "`id`",
  "a&b",
  "<a>",
  "a'b",
  'a"b',
  "a\0b",
  "ä",
  "x".repeat(129),
];

/** Names: people's, core's ids, and what somebody would like to smuggle into a path, a shell or a document. */
export function namesSuite(open: OpenImageStoreSubject): void {
  it(
    "keeps names apart that differ in anything, capitals too",
    eachCase(open, async ({ store, disk }) => {
      for (const [seed, name] of good.entries()) {
        await store.import(name, await disk("disk", { bytes: 10_000, chunks: { 0: seed + 1 } }));
      }
      expect(await namesOf(store)).toEqual(good.toSorted());
      expect(new Set((await listed(store)).map(({ digest }) => digest)).size).toBe(good.length);
    }),
  );

  it(
    "refuses what is no name, wherever one is asked for",
    eachCase(open, async ({ store, disk, file }) => {
      const path = await disk("disk", { bytes: 10_000, chunks: { 0: 1 } });
      const refused = { code: "INVALID_ARGUMENT" };
      for (const name of bad) {
        await expect(store.import(name, path)).rejects.toMatchObject(refused);
        await expect(store.export(name, file("out"))).rejects.toMatchObject(refused);
        await expect(store.get(name)).rejects.toMatchObject(refused);
        await expect(store.delete(name)).rejects.toMatchObject(refused);
        // No name at all verifies every image; an empty one is a mistake.
        await expect(store.verify(name)[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused);
      }
      expect(await store.stats()).toMatchObject({ images: 0, chunks: 0 });
    }),
  );

  it(
    "has no image that was not imported",
    eachCase(open, async ({ store, file }) => {
      expect(await store.get("nobody")).toBeUndefined();
      const absent = { code: "NOT_FOUND", retryable: false };
      await expect(store.export("nobody", file("out"))).rejects.toMatchObject(absent);
      await expect(store.verify("nobody")[Symbol.asyncIterator]().next()).rejects.toMatchObject(absent);
      expect(await listed(store)).toEqual([]);
    }),
  );

  it(
    "shows another process what was imported",
    eachCase(open, async ({ store, reopen, disk }) => {
      const other = await reopen();
      await store.import("one", await disk("disk", { bytes: 10_000, chunks: { 0: 1 } }));
      expect(await listed(other)).toEqual(await listed(store));
      await other.delete("one");
      expect(await store.get("one")).toBeUndefined();
    }),
  );
}
