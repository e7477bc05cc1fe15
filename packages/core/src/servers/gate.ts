import { notFound } from "../access/caller.ts";
import { CloudHostError } from "../errors.ts";
import { serverActions } from "./actions.ts";
import type { ServerActionName, ServerActionRule } from "./actions.ts";
import type { Asker } from "./gate-condition.ts";
import type { ServerStore } from "./store.ts";
import type { ServerRow } from "./server-row.ts";

/** Why an action is refused to a server as it is now, or `undefined` when it is not: `CONFLICT` with a reason. */
export function refusalOf(row: ServerRow, action: ServerActionName, asker: Asker): CloudHostError | undefined {
  const rule: ServerActionRule = serverActions[action];
  const conflict = (said: string, retryable = false): CloudHostError => {
    const details = { state: row.state, allowed: rule.from };
    const message = `The server ${row.name} is ${said}: it cannot be asked to ${wordsOf(action)}.${insteadOf(action, row)}`;
    return new CloudHostError("CONFLICT", message, details, { retryable });
  };
  if (rule.exclusive && row.busy) return conflict(`${row.state}, and operation ${row.operation_id} has it`, true);
  if (!rule.from.includes(row.state)) return conflict(row.state);
  if (rule.needsHost && row.host_id === null) return conflict(`${row.state} and on no host`);
  if (row.locked_by !== null && !passesLock(rule, row.locked_by, asker)) return conflict(`locked by ${row.locked_by}`);
  return undefined;
}

/** Why the guard of an action did not hold, from the server as it is by now. */
export async function refusalNow(
  servers: Pick<ServerStore, "get">,
  serverId: string,
  action: ServerActionName,
  asker: Asker,
): Promise<CloudHostError> {
  const row = await servers.get(serverId);
  if (row === undefined) return notFound("server", serverId);
  const refusal = refusalOf(row, action, asker);
  if (refusal !== undefined) return refusal;
  const details = { state: row.state, allowed: [row.state] };
  return new CloudHostError("CONFLICT", `The server ${row.name} was changed meanwhile.`, details, { retryable: true });
}

function passesLock({ heldOffBy }: ServerActionRule, lockedBy: "project" | "operator", asker: Asker): boolean {
  if (asker.everywhere || heldOffBy === "no lock") return true;
  return heldOffBy === "an operator's lock" && lockedBy === "project";
}

/** What can be done where the states that would do tell nobody: they are not reached while a host is dead. */
function insteadOf(action: ServerActionName, { state }: ServerRow): string {
  if (action !== "evacuate") return "";
  if (state === "softDeleted") return " It can be restored once its host is back, or deleted for good.";
  if (state === "resized") return " Its resize can be confirmed or reverted once its hosts are back.";
  return state === "shelved" ? " It is on no host: unshelve it." : "";
}

/** `confirmResize` as people say it: `confirm resize`. */
const wordsOf = (action: ServerActionName): string =>
  action.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
