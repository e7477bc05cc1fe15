import type { z } from "zod";
import { CloudHostError } from "../errors.ts";
import { parseInput } from "../parse.ts";

/**
 * A message as bytes.
 * @throws CloudHostError `INVALID_ARGUMENT` when it is not JSON
 */
export function encode(message: unknown): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(message));
  } catch (cause) {
    const fault = "not JSON";
    throw new CloudHostError(
      "INVALID_ARGUMENT",
      `This message is ${fault}.`,
      { issues: [{ path: "", message: fault }] },
      { cause },
    );
  }
}

/**
 * The message in these bytes: parsed, and frozen all through.
 * @param what names it in the error
 * @throws CloudHostError `INVALID_ARGUMENT` when it does not follow the schema
 */
export function decode<Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array, what: string): z.output<Schema> {
  return frozen(parseInput(schema, JSON.parse(Buffer.from(bytes).toString("utf8")), what));
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
