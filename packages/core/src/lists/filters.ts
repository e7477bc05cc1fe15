import { z } from "zod";
import { Name } from "../names.ts";

/** One value or several: an item that has any of them is listed. */
export const oneOrMore = <Value extends string>(value: z.ZodType<Value>) =>
  z
    .union([value, z.array(value).min(1).max(50).readonly()], { error: "not one of these values, nor a list of them" })
    .transform((values): readonly Value[] => [...new Set([values].flat() as Value[])].toSorted());

/** Of what has a name. */
export const byName = {
  /** The whole name. */
  name: Name.optional(),
  /** How the name begins; upper and lower case differ. */
  namePrefix: Name.optional(),
};

/** Of what was made some time. */
export const byCreation = {
  /** Made then or later, epoch milliseconds. */
  createdSinceMs: z.int().min(0).optional(),
  /** Made before then, epoch milliseconds. */
  createdBeforeMs: z.int().min(0).optional(),
};

/** {@link byName}, parsed. */
export interface NameFilter {
  readonly name?: string | undefined;
  readonly namePrefix?: string | undefined;
}

/** {@link byCreation}, parsed. */
export interface CreationFilter {
  readonly createdSinceMs?: number | undefined;
  readonly createdBeforeMs?: number | undefined;
}
