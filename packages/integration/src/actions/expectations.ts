import type { CloudHostError, Server, ServerActionName } from "@cloudhost/core";
import { actors, statesAfter } from "./model.ts";
import type { ModelServer } from "./model.ts";
import type { ActorName, PlannedAction } from "./plan.ts";

/** What is asked of a server: a line of the table of actions, or that there be one. */
export type AskedAction = ServerActionName | "create";

/** What a server may be by what its host says of its guest alone. */
export const drifted: readonly Server["state"][] = ["active", "stopped", "paused", "suspended"];

/** Whether a refusal is what the model says; what it allows may lack room or what a host cannot do. */
export function fits(expected: string, error: CloudHostError): boolean {
  if (expected !== "allowed") return error.code === expected || error.code === "INVALID_ARGUMENT";
  return [
    "QUOTA_EXCEEDED",
    "NO_VALID_HOST",
    "EXHAUSTED",
    "INVALID_ARGUMENT",
    "UNSUPPORTED",
    "HOST_UNAVAILABLE",
  ].includes(error.code);
}

export function wantedAfter(action: AskedAction, before: Server["state"], ended: string): readonly Server["state"][] {
  if (action === "create") return ended === "succeeded" ? ["active"] : ["error"];
  if (ended === "succeeded") return statesAfter(action, before);
  // What its guest has lost meanwhile its host may have told already.
  return [before, "error", ...drifted];
}

export function actorFor({ actor, own }: PlannedAction, { project }: ModelServer): ActorName {
  const { projectId } = actors[actor];
  if (!own || projectId === undefined || projectId === project) return actor;
  return project === "mail" ? "max" : "amy";
}

/** What is done at once, without an operation. */
export function noteAside(action: ServerActionName, server: ModelServer, actor: ActorName): void {
  const everywhere = actors[actor].projectId === undefined;
  if (action === "lock") server.locked = everywhere ? "operator" : (server.locked ?? "project");
  if (action === "unlock") server.locked = null;
}
