import { CloudHostError } from "../errors.ts";
import type { OperationDefinition } from "./definition.ts";
import type { JournalEntry, OperationRow } from "./journal.ts";

/**
 * What a journalled operation was asked for with, as this version's definition has it.
 * @throws CloudHostError `VERSION_MISMATCH` when another version began it, and this one cannot go on: the step at which
 * it is has another name or another place, or its input does not parse
 */
export function journalledInput({ kind, input, steps }: OperationDefinition, row: OperationRow): object {
  const names = steps.map(({ name }) => name);
  if (row.step !== (names[row.cursor] ?? "end")) throw mismatch(`${kind} at ${row.step}`, names.join(", "));
  const parsed = input.safeParse(JSON.parse(row.input));
  if (!parsed.success) throw mismatch(`the input of ${kind}`, parsed.error.message);
  return parsed.data;
}

/** The entry that leaves an operation where it is, for somebody to look at. */
export const stuckWhereItIs = (row: OperationRow, error: CloudHostError): JournalEntry => ({
  state: "stuck",
  direction: row.direction,
  cursor: row.cursor,
  attempt: row.attempt,
  context: JSON.parse(row.context) as object,
  step: row.step,
  percent: row.percent,
  error: row.error === null ? error : CloudHostError.fromJSON(JSON.parse(row.error) as never),
  stuck: { error, attempts: row.attempt + 1 },
  hostId: row.host_id ?? undefined,
  noReturn: Boolean(row.no_return),
  outside: Boolean(row.outside),
});

function mismatch(found: string, supported: string): CloudHostError {
  const details = { what: "an operation's journal", found, supported };
  return new CloudHostError("VERSION_MISMATCH", `This version cannot go on with ${found}.`, details);
}
