import type { OperationDefinition } from "./definition.ts";
import type { OperationRow } from "./journal.ts";

/**
 * What is left of an operation that is given up where it is: the steps that were not taken back; past the point of no
 * return, those that were not done.
 */
export function leftOver(
  { steps }: Pick<OperationDefinition, "steps">,
  row: Pick<OperationRow, "cursor" | "step" | "direction" | "no_return" | "outside">,
): readonly string[] {
  // Another version's steps: only the name of the one at which it is can be trusted.
  if (row.step !== (steps[row.cursor]?.name ?? "end")) return [row.step];
  const rest =
    row.direction === "do" && Boolean(row.no_return)
      ? steps.slice(row.cursor).filter(({ type }) => type !== "decide")
      : steps
          .slice(0, row.cursor + 1)
          .filter((step) => (step.type === "act" ? Boolean(row.outside) : step.type === "record"))
          .filter((step) => "undo" in step && step.undo !== undefined);
  return rest.map(({ name }) => name);
}
