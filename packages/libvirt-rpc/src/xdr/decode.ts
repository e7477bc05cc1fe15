import { protocolError } from "../error.ts";
import type { Layout, LayoutNode } from "./layout.ts";
import type { XdrReader } from "./reader.ts";

/**
 * Reads a value as its layout says. What is announced is believed only as far as bytes are there, so that a lie costs
 * no memory. Bytes behind the value are a newer daemon's business, and passed over.
 *
 * @throws LibvirtError `protocol`
 */
export function decode<T>(reader: XdrReader, layout: Layout<T>): T {
  return decodeNode(reader, layout) as T;
}

function decodeNode(reader: XdrReader, layout: LayoutNode): unknown {
  switch (layout.kind) {
    case "int":
      return reader.int();
    case "uint":
      return reader.uint();
    case "hyper":
      return reader.hyper();
    case "uhyper":
      return reader.uhyper();
    case "double":
      return reader.double();
    case "uuid":
      return uuidText(reader.opaque(16));
    case "string":
      return reader.opaque(count(reader, layout.maxBytes)).toString();
    case "bytes":
      // A copy: a view would keep the whole message, and whatever shares its buffer, alive.
      return new Uint8Array(reader.opaque(count(reader, layout.maxBytes)));
    case "nullable":
      return reader.uint() === 0 ? null : decodeNode(reader, layout.of);
    case "list":
      return elements(reader, layout.of, count(reader, layout.maxLength));
    case "fixedArray":
      return elements(reader, layout.of, layout.length);
    case "struct": {
      const value: Record<string, unknown> = {};
      for (const name in layout.fields) value[name] = decodeNode(reader, layout.fields[name] as LayoutNode);
      return value;
    }
    case "union":
    default:
      return decodeArm(reader, layout.arms);
  }
}

function decodeArm(reader: XdrReader, arms: Readonly<Record<number, LayoutNode>>): unknown {
  const type = reader.int();
  const arm = arms[type];
  if (arm === undefined) throw protocolError(`a union of type ${type}, which is not known`);
  return { type, value: decodeNode(reader, arm) };
}

function count(reader: XdrReader, most: number): number {
  const announced = reader.uint();
  if (announced > most) throw protocolError(`${announced} elements, and ${most} is the most`);
  return announced;
}

/** No element takes no bytes, so the reader's end bounds the loop whatever was announced. */
function elements(reader: XdrReader, of: LayoutNode, length: number): unknown[] {
  const values: unknown[] = [];
  for (let index = 0; index < length; index += 1) values.push(decodeNode(reader, of));
  return values;
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
