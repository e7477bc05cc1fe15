import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLibvirtError } from "../../src/index.ts";
import { FrameSplitter } from "../../src/protocol/frame-splitter.ts";
import { frameOf, headerBytes, maxFrameBytes, parseFrame, payloadWriter } from "../../src/protocol/header.ts";

const frame = (serial: number, payload: Uint8Array): Buffer => {
  const writer = payloadWriter();
  writer.raw(payload);
  return Buffer.from(frameOf({ program: 1, version: 1, procedure: 2, type: 1, serial, status: 0 }, writer));
};
const lengthWord = (length: number): Buffer => {
  const word = Buffer.alloc(4);
  word.writeUInt32BE(length);
  return word;
};

describe("FrameSplitter", () => {
  it("finds the same frames however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1 }),
        (payloads, cuts) => {
          const frames = payloads.map((payload, index) => frame(index, payload));
          const bytes = Buffer.concat(frames);
          const splitter = new FrameSplitter();
          const found: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const next = at + (cuts[turn % cuts.length] ?? 1);
            for (const whole of splitter.push(bytes.subarray(at, next))) found.push(Buffer.from(whole));
            at = next;
          }
          expect(found).toEqual(frames);
          expect(found.map((whole) => parseFrame(whole).header.serial)).toEqual(payloads.map((_, index) => index));
        },
      ),
    );
  });

  it.each([0, 4, headerBytes - 1, maxFrameBytes + 1, 0xffff_ffff])(
    "refuses a frame of %i bytes at its length",
    (length) => {
      const refused = (): unknown => {
        try {
          return [...new FrameSplitter().push(lengthWord(length))];
        } catch (error) {
          return isLibvirtError(error) ? error.kind : error;
        }
      };
      expect(refused()).toBe("protocol");
    },
  );

  it("takes the longest frame there is", () => {
    const splitter = new FrameSplitter();
    expect([...splitter.push(lengthWord(maxFrameBytes))]).toEqual([]);
    const found = [...splitter.push(Buffer.alloc(maxFrameBytes - 4))];
    expect(found.map(({ length }) => length)).toEqual([maxFrameBytes]);
  });
});
