import type { OperationDefinition } from "./definition.ts";

/**
 * Told of every point between two effects, just before what follows: crash tests kill the process there. Its name says
 * where: `server.create do guest: done`.
 */
export type OnBoundary = (name: string) => void;

/**
 * Every boundary of an operation: `submitted`; `begun` and `done` of each act step, in either direction; and the ends.
 * What record steps write commits with the entry that begins the next act step, so there is nothing between.
 */
export function boundariesOf({
  kind,
  steps,
  pointOfNoReturn,
}: Pick<OperationDefinition, "kind" | "steps" | "pointOfNoReturn">): readonly string[] {
  const acts = steps.flatMap((step) => (step.type === "act" ? [step] : []));
  const around = (direction: "do" | "undo", name: string): string[] => [
    `${kind} ${direction} ${name}: begun`,
    `${kind} ${direction} ${name}: done`,
  ];
  return [
    `${kind} submitted`,
    ...acts.flatMap(({ name }) => around("do", name)),
    `${kind} do end`,
    ...acts.flatMap((act) => (act.undo === undefined ? [] : around("undo", act.name))),
    ...(pointOfNoReturn > 0 ? [`${kind} undo end`] : []),
  ];
}
