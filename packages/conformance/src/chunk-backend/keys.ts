import { expect, it } from "vitest";
import { bytesOf, eachCase, keysOf } from "./case.ts";
import type { OpenChunkBackendSubject } from "./case.ts";

const outside = [
  "",
  "/",
  "/etc/passwd",
  "../up",
  "names/../../up",
  "names//x",
  "names/",
  ".hidden",
  "names/.x",
  "A",
  "a b",
];
const markup = ["a&b", "<a>", "a;rm", "a'b", 'a"b', "a\nb", "a\0b", "a%2e%2e", "a\\b", "ä"];

/** Keys: what is none is refused before it reaches a path, a URL or a listing. */
export function keysSuite(open: OpenChunkBackendSubject): void {
  it(
    "takes every key that image stores make",
    eachCase(open, async ({ backend }) => {
      const keys = ["store.json", "names/a.0", `names/${"x".repeat(128)}.${"f".repeat(32)}`, "_/-", "a/b/c/d/e.f"];
      for (const key of keys) await backend.put(key, bytesOf(1, 1));
      expect(await keysOf(backend, "")).toEqual(keys.toSorted());
    }),
  );

  for (const key of [...outside, ...markup]) {
    it(
      `refuses ${JSON.stringify(key)}`,
      eachCase(open, async ({ backend }) => {
        const refused = { code: "INVALID_ARGUMENT" };
        await expect(backend.get(key)).rejects.toMatchObject(refused);
        await expect(backend.size(key)).rejects.toMatchObject(refused);
        await expect(backend.put(key, bytesOf(1, 1))).rejects.toMatchObject(refused);
        await expect(backend.delete(key)).rejects.toMatchObject(refused);
        expect(await keysOf(backend, "")).toEqual([]);
      }),
    );
  }
}
