import { createHash } from "node:crypto";
import { isCloudHostError } from "@cloudhost/core/ports";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkBytes } from "../../src/codec/chunk-codec.ts";
import { manifestOf, openManifest, placedChunks, sealManifest } from "../../src/repository/manifest.ts";

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const idOf = (seed: number): string => digestOf(Buffer.from([seed]));

const images = fc
  .record({
    chunks: fc.array(fc.tuple(fc.nat(200), fc.nat(5)), { maxLength: 60 }),
    tail: fc.integer({ min: 1, max: chunkBytes }),
  })
  .map(({ chunks, tail }) => {
    const placed = new Map(chunks.map(([index, seed]) => [index, idOf(seed)]));
    return { placed, logicalBytes: Math.max(0, ...placed.keys()) * chunkBytes + tail };
  });

/** Opens what somebody forged: with its digest right. */
const openForged = (forged: unknown): unknown => {
  const bytes = Buffer.from(typeof forged === "string" ? forged : JSON.stringify(forged));
  return openManifest(bytes, digestOf(bytes), "img");
};

describe("a manifest", () => {
  it("comes back as it was sealed", () => {
    fc.assert(
      fc.property(images, ({ placed, logicalBytes }) => {
        const manifest = manifestOf(logicalBytes, placed);
        const { bytes, digest } = sealManifest(manifest);
        expect(openManifest(bytes, digest, "img")).toEqual(manifest);
        expect(new Map([...placedChunks(manifest)].map(({ index, id }) => [index, id]))).toEqual(placed);
      }),
    );
  });

  it("has one digest, in whatever order its chunks came", () => {
    fc.assert(
      fc.property(images, ({ placed, logicalBytes }) => {
        const reversed = new Map([...placed].toReversed());
        expect(sealManifest(manifestOf(logicalBytes, reversed)).digest).toBe(
          sealManifest(manifestOf(logicalBytes, placed)).digest,
        );
      }),
    );
  });

  it("tells the bytes of each chunk, the last one's too", () => {
    const manifest = manifestOf(
      chunkBytes + 5,
      new Map([
        [0, idOf(1)],
        [1, idOf(2)],
      ]),
    );
    expect([...placedChunks(manifest)].map(({ bytes }) => bytes)).toEqual([chunkBytes, 5]);
  });

  it("is refused when a single bit differs", () => {
    const { bytes, digest } = sealManifest(manifestOf(3 * chunkBytes, new Map([[1, idOf(1)]])));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Buffer.from(bytes);
        damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
        expect(() => openManifest(damaged, digest, "img")).toThrow(
          expect.objectContaining({
            code: "IMAGE_CORRUPT",
            details: expect.objectContaining({ image: "img" }) as object,
          }),
        );
      }),
    );
  });

  const id = idOf(1);
  const forgeries = {
    "no JSON": "{",
    "no object": "[]",
    "an unknown field": { chunkBytes, data: [], logicalBytes: 0, version: 1, more: 1 },
    "another chunk size": { chunkBytes: 1, data: [], logicalBytes: 0, version: 1 },
    "a negative size": { chunkBytes, data: [], logicalBytes: -1, version: 1 },
    "an impossible size": { chunkBytes, data: [], logicalBytes: 2 ** 52, version: 1 },
    "an id that is a path": { chunkBytes, data: [{ first: 0, ids: ["../../x"] }], logicalBytes: 9, version: 1 },
    "a chunk behind the end": { chunkBytes, data: [{ first: 1, ids: [id] }], logicalBytes: 9, version: 1 },
    "runs that overlap": {
      chunkBytes,
      data: [
        { first: 0, ids: [id, id] },
        { first: 1, ids: [id] },
      ],
      logicalBytes: 9 * chunkBytes,
      version: 1,
    },
    "runs that are one": {
      chunkBytes,
      data: [
        { first: 0, ids: [id] },
        { first: 1, ids: [id] },
      ],
      logicalBytes: 9 * chunkBytes,
      version: 1,
    },
  };
  for (const [what, forged] of Object.entries(forgeries)) {
    it(`is refused with ${what}, even under its own digest`, () => {
      expect(() => openForged(forged)).toThrow(expect.objectContaining({ code: "IMAGE_CORRUPT" }));
    });
  }

  it("of a newer version is refused as such", () => {
    expect(() => openForged({ version: 2, anything: [] })).toThrow(
      expect.objectContaining({ code: "VERSION_MISMATCH", details: expect.objectContaining({ found: "2" }) as object }),
    );
  });

  it("is opened or refused with a code, whatever it is", () => {
    fc.assert(fc.property(fc.json(), (text) => opensOrRefuses(text)));
  });
});

function opensOrRefuses(text: string): boolean {
  try {
    openForged(text);
    return true;
  } catch (error) {
    return isCloudHostError(error);
  }
}
