import { argumentError } from "../error.ts";
import type { Layout, LayoutNode } from "./layout.ts";
import type { XdrWriter } from "./writer.ts";

/**
 * Writes a value as its layout says.
 * @throws LibvirtError `argument` with the path of what does not fit
 */
export function encode<T>(writer: XdrWriter, layout: Layout<T>, value: T): void {
  encodeNode(writer, layout, value, "");
}

function encodeNode(writer: XdrWriter, layout: LayoutNode, value: unknown, path: string): void {
  switch (layout.kind) {
    case "int":
      return writer.int(integer(value, -0x8000_0000, 0x7fff_ffff, path));
    case "uint":
      return writer.uint(integer(value, 0, 0xffff_ffff, path));
    case "hyper":
      return writer.hyper(bigInteger(value, -(2n ** 63n), 2n ** 63n - 1n, path));
    case "uhyper":
      return writer.uhyper(bigInteger(value, 0n, 2n ** 64n - 1n, path));
    case "double":
      if (typeof value !== "number") throw wrong(path, "a number", value);
      return writer.double(value);
    case "uuid":
      if (typeof value !== "string" || !uuidPattern.test(value)) throw wrong(path, "a UUID", value);
      return writer.opaque(Buffer.from(value.replaceAll("-", ""), "hex"));
    case "string":
      if (typeof value !== "string") throw wrong(path, "a string", value);
      if (value.includes("\0")) throw argumentError(`${at(path)} has a NUL character, which ends a string in libvirt`);
      return counted(writer, Buffer.from(value), layout.maxBytes, path);
    case "bytes":
      if (!(value instanceof Uint8Array)) throw wrong(path, "bytes", value);
      return counted(writer, value, layout.maxBytes, path);
    case "nullable":
      writer.uint(value === null || value === undefined ? 0 : 1);
      if (value !== null && value !== undefined) encodeNode(writer, layout.of, value, path);
      return;
    case "list":
      if (!Array.isArray(value)) throw wrong(path, "a list", value);
      if (value.length > layout.maxLength) throw tooLong(path, value.length, layout.maxLength, "elements");
      writer.uint(value.length);
      for (const [index, element] of value.entries()) encodeNode(writer, layout.of, element, `${path}.${index}`);
      return;
    case "fixedArray":
      if (!Array.isArray(value) || value.length !== layout.length)
        throw wrong(path, `${layout.length} elements`, value);
      for (const [index, element] of value.entries()) encodeNode(writer, layout.of, element, `${path}.${index}`);
      return;
    case "struct":
      if (typeof value !== "object" || value === null) throw wrong(path, "an object", value);
      for (const [name, field] of Object.entries(layout.fields)) {
        encodeNode(writer, field, (value as Record<string, unknown>)[name], `${path}.${name}`);
      }
      return;
    case "union":
      return encodeArm(writer, layout.arms, value, path);
  }
}

function encodeArm(writer: XdrWriter, arms: Readonly<Record<number, LayoutNode>>, value: unknown, path: string): void {
  const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined;
  const arm = typeof type === "number" ? arms[type] : undefined;
  if (typeof type !== "number" || arm === undefined) {
    throw wrong(path, `an object whose type is one of ${Object.keys(arms).join(", ")}`, value);
  }
  writer.int(type);
  encodeNode(writer, arm, (value as { readonly value?: unknown }).value, `${path}.value`);
}

function counted(writer: XdrWriter, bytes: Uint8Array, maxBytes: number, path: string): void {
  if (bytes.length > maxBytes) throw tooLong(path, bytes.length, maxBytes, "bytes");
  writer.uint(bytes.length);
  writer.opaque(bytes);
}

function integer(value: unknown, least: number, most: number, path: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
    throw wrong(path, `an integer from ${least} to ${most}`, value);
  }
  return value;
}

function bigInteger(value: unknown, least: bigint, most: bigint, path: string): bigint {
  if (typeof value !== "bigint" || value < least || value > most) {
    throw wrong(path, `a bigint from ${least} to ${most}`, value);
  }
  return value;
}

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const at = (path: string): string => (path === "" ? "the value" : path.slice(1));

const wrong = (path: string, expected: string, value: unknown): Error =>
  argumentError(`${at(path)} is not ${expected}: ${describe(value)}`);

const tooLong = (path: string, found: number, most: number, unit: string): Error =>
  argumentError(`${at(path)} has ${found} ${unit}, and ${most} is the most`);

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `${value.length} elements` : "an object";
  return String(value);
}
