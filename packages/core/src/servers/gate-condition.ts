import type { Scope } from "../access/caller.ts";
import { serverActions } from "./actions.ts";
import type { ServerActionName, ServerActionRule } from "./actions.ts";

/** Who asks, as far as a server's lock is concerned. */
export type Asker = Pick<Scope, "everywhere">;

/** What an action asks of a server, as the condition of a guarded statement; `refusalOf` says the same of a row. */
export function gateCondition(
  action: ServerActionName,
  asker: Asker,
): { readonly sql: string; readonly bindings: readonly string[] } {
  const rule: ServerActionRule = serverActions[action];
  const conditions = [
    `state IN (${rule.from.map(() => "?").join(", ")})`,
    ...(rule.exclusive ? ["NOT busy"] : []),
    ...(rule.needsHost ? ["host_id IS NOT NULL"] : []),
    ...(asker.everywhere || rule.heldOffBy === "no lock" ? [] : [lockConditions[rule.heldOffBy]]),
  ];
  return { sql: conditions.join(" AND "), bindings: rule.from };
}

const lockConditions = {
  "any lock": "locked_by IS NULL",
  "an operator's lock": "(locked_by IS NULL OR locked_by = 'project')",
} as const;
