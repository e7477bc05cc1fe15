import type { OperationDefinition } from "./definition.ts";

/**
 * How far an operation is, 0 to 100. Only the steps that reach outside count: they are those that take time.
 * @param cursor index of the step under way
 * @param share how far that step is, 0 to 1
 */
export function percentOf({ steps }: Pick<OperationDefinition, "steps">, cursor: number, share = 0): number {
  const acts = (until: number): number => steps.slice(0, until).filter(({ type }) => type === "act").length;
  const all = Math.max(1, acts(steps.length));
  return Math.floor((100 * Math.min(all, acts(Math.max(0, cursor)) + share)) / all);
}
