import { z } from "zod";
import { CloudHostError } from "./errors.ts";

/** The input of what takes none. */
export const Nothing = z.strictObject({});

/**
 * Parses what comes from outside, once, at the boundary.
 *
 * @param what names the input in the message: "a flavor", "the options of linuxNetwork()"
 * @throws CloudHostError `INVALID_ARGUMENT` with the path of each fault
 */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }));
  const first = issues[0];
  const where = first === undefined || first.path === "" ? "" : ` at ${first.path}`;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  throw new CloudHostError(
    "INVALID_ARGUMENT",
    `This is not ${what}: ${first?.message ?? "wrong input"}${where}${more}.`,
    {
      issues,
    },
  );
}
