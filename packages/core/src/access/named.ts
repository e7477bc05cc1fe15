import { z } from "zod";
import { NameOrId } from "../names.ts";
import { parseInput } from "../parse.ts";

/**
 * A name or an id that came as an argument of its own.
 * @param argument what it is called: the fault's path
 * @throws CloudHostError `INVALID_ARGUMENT`
 */
export function parseNamed(argument: string, value: unknown): string {
  const schema = z.object({ [argument]: NameOrId });
  const parsed: Record<string, string> = parseInput(schema, { [argument]: value }, `the name or id of a ${argument}`);
  return parsed[argument] ?? "";
}
