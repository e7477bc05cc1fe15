import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLibvirtError } from "../../src/index.ts";
import { procedureNames, procedureOf } from "../../src/protocol/names.ts";
import type { Message } from "../../src/protocol/procedure.ts";
import { messages } from "../../src/protocol/table.ts";
import { decode } from "../../src/xdr/decode.ts";
import { encode } from "../../src/xdr/encode.ts";
import {
  bytes,
  fixedArray,
  hyper,
  int,
  list,
  nullable,
  string,
  struct,
  uint,
  union,
  uuid,
} from "../../src/xdr/layout.ts";
import type { Layout } from "../../src/xdr/layout.ts";
import { XdrReader } from "../../src/xdr/reader.ts";
import { XdrWriter } from "../../src/xdr/writer.ts";
import { valuesOfLayout } from "../support/arbitrary.ts";

function encoded<T>(layout: Layout<T>, value: T): Buffer {
  const writer = new XdrWriter(1 << 20);
  encode(writer, layout, value);
  return writer.finish();
}
const layouts: readonly Layout[] = [
  ...procedureNames.map(procedureOf).flatMap(({ args, result }) => [args, result]),
  ...(Object.values(messages) as readonly Message[]).map(({ content }) => content),
];

describe("XDR", () => {
  it("writes what RFC 4506 says", () => {
    expect(encoded(int, -2).toString("hex")).toBe("fffffffe");
    expect(encoded(hyper, -2n).toString("hex")).toBe("fffffffffffffffe");
    expect(encoded(string(10), "abcde").toString("hex")).toBe("000000056162636465000000");
    expect(encoded(nullable(int), null).toString("hex")).toBe("00000000");
    expect(encoded(nullable(int), 7).toString("hex")).toBe("0000000100000007");
    expect(encoded(list(int, 4), [1, 2]).toString("hex")).toBe("000000020000000100000002");
    expect(encoded(fixedArray(int, 2), [1, 2]).toString("hex")).toBe("0000000100000002");
    expect(encoded(union({ 1: int, 7: string(4) }), { type: 7, value: "x" }).toString("hex")).toBe(
      "000000070000000178000000",
    );
    expect(encoded(uuid, "6f9619ff-8b86-d011-b42d-00cf4fc964ff").toString("hex")).toBe(
      "6f9619ff8b86d011b42d00cf4fc964ff",
    );
  });

  it("reads back whatever it wrote, in every layout of the protocol", () => {
    for (const layout of layouts) {
      fc.assert(
        fc.property(valuesOfLayout(layout), (value) => {
          expect(decode(new XdrReader(encoded(layout, value)), layout)).toEqual(value);
        }),
        { numRuns: 3 },
      );
    }
  });

  it("passes over what a newer daemon adds at the end", () => {
    expect(decode(new XdrReader(Buffer.from("0000000700000008", "hex")), int)).toBe(7);
  });

  it("names the argument that does not fit", () => {
    const layout = struct({ dom: struct({ name: string(8), uuid }), params: list(struct({ field: uint }), 2) });
    const good = { dom: { name: "a", uuid: "6f9619ff-8b86-d011-b42d-00cf4fc964ff" }, params: [] };
    const fault = (value: unknown): unknown => {
      try {
        return encoded(layout as Layout, value);
      } catch (error) {
        return isLibvirtError(error) ? [error.kind, error.message] : error;
      }
    };
    expect(fault({ ...good, dom: { ...good.dom, uuid: "no" } })).toEqual(["argument", 'dom.uuid is not a UUID: "no"']);
    expect(fault({ ...good, params: [{ field: -1 }] })).toEqual([
      "argument",
      "params.0.field is not an integer from 0 to 4294967295: -1",
    ]);
    expect(fault({ ...good, params: [1, 2, 3] })).toEqual(["argument", "params has 3 elements, and 2 is the most"]);
    expect(fault({ ...good, dom: { ...good.dom, name: "too long a name" } })).toEqual([
      "argument",
      "dom.name has 15 bytes, and 8 is the most",
    ]);
    expect(fault({ ...good, dom: { ...good.dom, name: "a\0b" } })).toMatchObject(["argument", /NUL/]);
    expect(fault({ params: [] })).toEqual(["argument", "dom is not an object: undefined"]);
    expect(fault(null)).toEqual(["argument", "the value is not an object: null"]);
  });

  it("writes no more than its limit", () => {
    const writer = new XdrWriter(100);
    expect(() => encode(writer, bytes(1000), new Uint8Array(200))).toThrow(/more than 100 bytes/);
  });
});

const decodes = (layout: Layout, input: Uint8Array): boolean => {
  try {
    decode(new XdrReader(input), layout);
    return true;
  } catch (error) {
    expect(isLibvirtError(error) && error.kind).toBe("protocol");
    return false;
  }
};

describe("what is not XDR", () => {
  it("is a protocol error or some value, never a crash, in every layout", () => {
    for (const layout of layouts) {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
          decodes(layout, garbage);
        }),
        { numRuns: 5 },
      );
    }
  });

  it("is a protocol error when the end is missing", () => {
    const notEmpty = layouts.filter((layout) => layout.kind !== "struct" || Object.keys(layout.fields).length > 0);
    for (const layout of notEmpty) {
      fc.assert(
        fc.property(valuesOfLayout(layout), fc.nat(), (value, cut) => {
          const whole = encoded(layout, value);
          expect(decodes(layout, whole.subarray(0, cut % whole.length))).toBe(false);
        }),
        { numRuns: 2 },
      );
    }
  });

  it("costs no memory for elements that are only announced", () => {
    const announced = Buffer.alloc(8);
    announced.writeUInt32BE(0x00ff_ffff, 0);
    const before = process.memoryUsage().arrayBuffers;
    for (const layout of [list(int, 0xffff_ffff), string(0xffff_ffff), bytes(0xffff_ffff)] as Layout[]) {
      expect(decodes(layout, announced)).toBe(false);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });

  it("is a protocol error when more is announced than the protocol allows", () => {
    expect(decodes(list(int, 1) as Layout, encoded(list(int, 2), [1, 2]))).toBe(false);
    expect(decodes(union({ 1: int }) as Layout, encoded(int, 9))).toBe(false);
  });
});
