import * as fc from "fast-check";
import type { LayoutNode } from "../../src/xdr/layout.ts";

/** Values of a layout. */
export function valuesOfLayout(layout: LayoutNode): fc.Arbitrary<unknown> {
  switch (layout.kind) {
    case "int":
      return fc.integer();
    case "uint":
      return fc.nat(0xffff_ffff);
    case "hyper":
      return fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
    case "uhyper":
      return fc.bigInt(0n, 2n ** 64n - 1n);
    case "double":
      return fc.double({ noNaN: true });
    case "uuid":
      return fc.uuid();
    case "string":
      return fc
        .string({ unit: "grapheme", maxLength: 20 })
        .filter((text) => !text.includes("\0") && Buffer.byteLength(text) <= layout.maxBytes);
    case "bytes":
      return fc.uint8Array({ maxLength: Math.min(40, layout.maxBytes) });
    case "nullable":
      return fc.option(valuesOfLayout(layout.of));
    case "list":
      return fc.array(valuesOfLayout(layout.of), { maxLength: Math.min(4, layout.maxLength) });
    case "fixedArray":
      return fc.array(valuesOfLayout(layout.of), { minLength: layout.length, maxLength: layout.length });
    case "struct":
      return fc.record(
        Object.fromEntries(Object.entries(layout.fields).map(([name, field]) => [name, valuesOfLayout(field)])),
        { noNullPrototype: true },
      );
    case "union":
    default:
      return fc.oneof(
        ...Object.entries(layout.arms).map(([type, arm]) =>
          fc.record({ type: fc.constant(Number(type)), value: valuesOfLayout(arm) }, { noNullPrototype: true }),
        ),
      );
  }
}
