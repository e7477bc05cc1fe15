/**
 * How values lie in a message (XDR, RFC 4506), as data. One interpreter writes and reads them all, and the types of
 * arguments and results follow from them.
 */
export type LayoutNode =
  | { readonly kind: "int" | "uint" | "hyper" | "uhyper" | "double" | "uuid" }
  | { readonly kind: "string"; readonly maxBytes: number }
  | { readonly kind: "bytes"; readonly maxBytes: number }
  | { readonly kind: "list"; readonly of: LayoutNode; readonly maxLength: number }
  | { readonly kind: "fixedArray"; readonly of: LayoutNode; readonly length: number }
  | { readonly kind: "nullable"; readonly of: LayoutNode }
  | { readonly kind: "struct"; readonly fields: Readonly<Record<string, LayoutNode>> }
  | { readonly kind: "union"; readonly arms: Readonly<Record<number, LayoutNode>> };

declare const valueType: unique symbol;

/** A layout that knows the type of its values. */
export type Layout<T = unknown> = LayoutNode & { readonly [valueType]?: () => T };

/** The type of a layout's values. */
export type ValueOf<L> = L extends { readonly [valueType]?: () => infer T } ? T : never;

type FieldsOf<Fields> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> };

/** What a union carries: the number that tells which, and the value that goes with it. */
export type ArmOf<Arms> = {
  readonly [Type in keyof Arms]: { readonly type: Type; readonly value: ValueOf<Arms[Type]> };
}[keyof Arms];

export const int: Layout<number> = { kind: "int" };
export const uint: Layout<number> = { kind: "uint" };
export const hyper: Layout<bigint> = { kind: "hyper" };
export const uhyper: Layout<bigint> = { kind: "uhyper" };
export const double: Layout<number> = { kind: "double" };
/** Sixteen bytes, written as text: `6f9619ff-8b86-d011-b42d-00cf4fc964ff`. */
export const uuid: Layout<string> = { kind: "uuid" };

export const string = (maxBytes: number): Layout<string> => ({ kind: "string", maxBytes });
export const bytes = (maxBytes: number): Layout<Uint8Array> => ({ kind: "bytes", maxBytes });

export const list = <T>(of: Layout<T>, maxLength: number): Layout<readonly T[]> => ({ kind: "list", of, maxLength });
export const fixedArray = <T>(of: Layout<T>, length: number): Layout<readonly T[]> => ({
  kind: "fixedArray",
  of,
  length,
});
export const nullable = <T>(of: Layout<T>): Layout<T | null> => ({ kind: "nullable", of });

export const struct = <Fields extends Readonly<Record<string, LayoutNode>>>(
  fields: Fields,
): Layout<FieldsOf<Fields>> => ({ kind: "struct", fields });

export const union = <Arms extends Readonly<Record<number, LayoutNode>>>(arms: Arms): Layout<ArmOf<Arms>> => ({
  kind: "union",
  arms,
});

/** No bytes at all. */
export const nothing: Layout<Readonly<Record<string, never>>> = { kind: "struct", fields: {} };
