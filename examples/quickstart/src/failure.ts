import { CloudHostError } from "@cloudhost/core";
import type { ErrorCode } from "@cloudhost/core";
import type { EventOf } from "./events.ts";
import type { Settings } from "./settings.ts";

/** Why the quickstart could not go on, and what its user can do. */
export function failureOf(thrown: unknown, { state }: Pick<Settings, "state">): EventOf<"failed"> {
  const error = CloudHostError.from(thrown);
  return { event: "failed", code: error.code, message: sentenceOf(error), advice: adviceOn(error, state) };
}

/** Exit codes: 3 says that the same command may work later. */
export const exitCodeOfFailure = ({ code }: EventOf<"failed">): number => (code === "LOCKED" ? 3 : 1);

/** What is known of an error within it is told where the outer one does not tell it. */
function sentenceOf(error: CloudHostError): string {
  const { reason } = error.details as { readonly reason?: string };
  return reason === undefined || error.message.includes(reason) ? error.message : `${error.message} (${reason})`;
}

function adviceOn(error: CloudHostError, state: string): string[] {
  const remedy = (error.details as { readonly remedy?: string }).remedy;
  const advice: Partial<Record<ErrorCode, string>> = {
    LOCKED: "Let it end, or give this one a folder of its own: --state DIR.",
    VERSION_MISMATCH: `${state} was written by another version. Give this one a folder of its own: --state DIR.`,
  };
  return [remedy, advice[error.code]].filter((line) => line !== undefined);
}
