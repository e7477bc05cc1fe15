import { expect, it } from "vitest";
import { bytesOf, chunkKey, eachCase, keysOf, listed } from "./case.ts";
import type { OpenChunkBackendSubject } from "./case.ts";

/** Listing: leases rest on it, so that a put must be in every listing that begins after it. */
export function listingSuite(open: OpenChunkBackendSubject): void {
  it(
    "lists nothing of nothing",
    eachCase(open, async ({ backend }) => {
      expect(await keysOf(backend, "")).toEqual([]);
      expect(await keysOf(backend, "names/")).toEqual([]);
    }),
  );

  it(
    "lists every key that starts with the prefix, wherever it breaks off",
    eachCase(open, async ({ backend }) => {
      const keys = ["names/debian-11.0", "names/debian-12.0", "names/ubuntu.0", "notes/debian.0", "store.json"];
      for (const key of keys) await backend.put(key, bytesOf(1, 3));
      expect(await keysOf(backend, "names/deb")).toEqual(["names/debian-11.0", "names/debian-12.0"]);
      expect(await keysOf(backend, "names/debian-12.0")).toEqual(["names/debian-12.0"]);
      expect(await keysOf(backend, "n")).toEqual(keys.slice(0, 4));
      expect(await keysOf(backend, "")).toEqual(keys);
      expect(await keysOf(backend, "names/debian/")).toEqual([]);
    }),
  );

  it(
    "tells each object's size, and when it was put by the store's clock",
    eachCase(open, async ({ backend }) => {
      await backend.put("names/first.0", bytesOf(1, 123));
      await backend.put("names/second.0", bytesOf(2, 4));
      const [first, second] = await listed(backend, "names/");
      expect(first).toMatchObject({ key: "names/first.0", bytes: 123 });
      expect(second?.modifiedAtMs).toBeGreaterThanOrEqual(first?.modifiedAtMs ?? Infinity);
    }),
  );

  it(
    "has a put in every listing that begins after it",
    eachCase(open, async ({ backend, reopen }) => {
      const other = await reopen();
      for (let round = 0; round < 10; round += 1) {
        await backend.put(`sessions/own_${round}`, bytesOf(round, 5));
        expect(await keysOf(other, `sessions/own_${round}`)).toHaveLength(1);
        await other.delete(`sessions/own_${round}`);
        expect(await keysOf(backend, "sessions/")).toEqual([]);
      }
    }),
  );

  it(
    "lists more than one page",
    eachCase(open, async ({ backend, pageObjects, skip }) => {
      skip(pageObjects === undefined, "the store has no pages");
      const keys = Array.from({ length: (pageObjects ?? 0) + 10 }, (_, seed) => chunkKey(seed));
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => backend.put(key, bytesOf(1, 1))));
      }
      expect((await keysOf(backend, "chunks/")).length).toBe(keys.length);
    }),
  );

  it(
    "goes on when objects vanish meanwhile",
    eachCase(open, async ({ backend }) => {
      for (let seed = 0; seed < 20; seed += 1) await backend.put(chunkKey(seed), bytesOf(seed, 1));
      const seen: string[] = [];
      for await (const { key } of backend.list("chunks/")) {
        if (seen.push(key) > 1) continue;
        for (let seed = 0; seed < 20; seed += 1) await backend.delete(chunkKey(seed));
      }
      expect(seen.length).toBeGreaterThan(0);
      expect(await keysOf(backend, "chunks/")).toEqual([]);
    }),
  );
}
