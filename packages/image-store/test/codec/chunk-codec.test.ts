import { createHash, randomBytes } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ChunkFault,
  chunkBytes,
  chunkHeaderBytes,
  decodeChunk,
  encodeChunk,
  identifyChunk,
} from "../../src/codec/chunk-codec.ts";

const encode = (bytes: Buffer): Buffer => {
  const into = Buffer.alloc(bytes.length + chunkHeaderBytes);
  return into.subarray(0, encodeChunk(bytes, into));
};
const decode = (object: Buffer, id: string, length: number): Buffer => {
  const into = Buffer.alloc(length);
  decodeChunk(object, id, into);
  return into;
};
const idOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const outcome = (work: () => Buffer): Buffer | "refused" => {
  try {
    return work();
  } catch (error) {
    if (error instanceof ChunkFault) return "refused";
    throw error;
  }
};
/** Bytes of which some compress. */
const contents = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 50 })), {
    minLength: 1,
    maxLength: 30,
  })
  .map((parts) => Buffer.concat(parts.map(([bytes, times]) => Buffer.alloc(bytes.length * times, bytes))))
  .filter((bytes) => bytes.some((byte) => byte !== 0));

describe("a chunk as it is stored", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(contents, (bytes) => {
        expect(identifyChunk(bytes)).toBe(idOf(bytes));
        expect(decode(encode(bytes), idOf(bytes), bytes.length).equals(bytes)).toBe(true);
      }),
    );
  });

  it("has no id when all of it is zeros", () => {
    expect(identifyChunk(Buffer.alloc(chunkBytes))).toBeUndefined();
    expect(identifyChunk(Buffer.alloc(1))).toBeUndefined();
  });

  it("is packed where that saves, and raw where it does not", () => {
    const random = randomBytes(chunkBytes);
    expect(encode(random)).toHaveLength(chunkBytes + chunkHeaderBytes);
    expect(decode(encode(random), idOf(random), chunkBytes).equals(random)).toBe(true);
    const text = Buffer.alloc(chunkBytes, "all work and no play\n");
    expect(encode(text).length).toBeLessThan(5_000);
  });

  it("never comes back as other bytes when a single bit of it differs", () => {
    const text = Buffer.alloc(3_000, "some text, ".repeat(7));
    for (const bytes of [text, randomBytes(3_000)]) {
      const object = encode(bytes);
      fc.assert(
        fc.property(fc.nat(object.length - 1), fc.nat(7), (at, bit) => {
          const damaged = Buffer.from(object);
          damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
          // A few bits of a header or frame mean nothing.
          expect([bytes, "refused"]).toContainEqual(outcome(() => decode(damaged, idOf(bytes), 3_000)));
        }),
      );
    }
  });

  it("is refused when it is cut off anywhere", () => {
    const bytes = Buffer.alloc(3_000, "some text, ".repeat(7));
    const object = encode(bytes);
    for (let length = 0; length < object.length; length += 1) {
      expect(() => decode(object.subarray(0, length), idOf(bytes), 3_000)).toThrow(ChunkFault);
    }
  });

  it("is refused when it unpacks to more than it says, however much", () => {
    const header = Buffer.from(encode(Buffer.alloc(1_000, "x")).subarray(0, chunkHeaderBytes));
    const bomb = Buffer.concat([header, zstdCompressSync(Buffer.alloc(64 * chunkBytes))]);
    expect(() => decode(bomb, idOf(Buffer.alloc(1_000, "x")), 1_000)).toThrow(ChunkFault);
  });

  it("is refused, and nothing else, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decode(Buffer.from(bytes), idOf(Buffer.from("x")), 100)).toThrow(ChunkFault);
      }),
    );
  });
});
