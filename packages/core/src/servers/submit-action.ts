import type { Script } from "../database/script.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { Submitter } from "../operations/submission.ts";
import type { ServerActionName } from "./actions.ts";
import { refusalNow, refusalOf } from "./gate.ts";
import type { Asker } from "./gate-condition.ts";
import type { ServerState } from "./model.ts";
import type { ServerRow } from "./server-row.ts";
import type { ServerStore } from "./store.ts";

/** An action that takes steps outside. */
export interface ActionCall {
  readonly action: ServerActionName;
  readonly definition: OperationDefinition;
  /** What was asked for, parsed. */
  readonly request: { readonly idempotencyKey?: string | undefined };
  /** What the steps need, from the server's row. */
  readonly plan: (row: ServerRow) => object | Promise<object>;
  /** The state that it is in until the operation ends, where that is another. */
  readonly meanwhile?: ServerState;
  /** Whether no step reaches the server's own host. */
  readonly anywhere?: true;
  /** What is claimed with the operation's row, so that nobody takes it before the operation begins. */
  readonly claims?: Script;
}

/**
 * Begins an action on a server as an operation.
 * @throws CloudHostError `CONFLICT` with a reason, `IDEMPOTENCY_MISMATCH`, and what the plan throws
 */
export async function submitAction(
  { engine, servers }: { readonly engine: OperationEngine; readonly servers: ServerStore },
  actor: Submitter & Asker,
  row: ServerRow,
  call: ActionCall,
): Promise<{ id: string; resourceId: string }> {
  const { action, definition, plan, meanwhile } = call;
  const { idempotencyKey } = call.request;
  const request = { ...call.request, server: row.id };
  const asked = { definition, projectId: row.project_id, idempotencyKey, request };
  const earlier = await engine.earlier(asked);
  if (earlier !== undefined) return earlier;
  // Said before it is planned: a plan may need what only the right state has.
  const refusal = refusalOf(row, action, actor);
  if (refusal !== undefined) throw refusal;
  return engine.submit({
    ...asked,
    actor,
    resourceId: row.id,
    hostId: call.anywhere ? undefined : (row.host_id ?? undefined),
    input: await plan(row),
    statements: (operationId) => [
      servers.begin(row, operationId, action, actor, meanwhile),
      ...(call.claims?.statements ?? []),
    ],
    refused: async (guard) =>
      // What it has claimed changes with its state: whoever planned with another came too late.
      guard === "state" || guard === "allocation"
        ? refusalNow(servers, row.id, action, actor)
        : claimRefusal(call.claims, guard),
  });
}

/** Why a claim that commits with its operation was refused: `EXHAUSTED` where it is the host that has no room. */
async function claimRefusal(claims: Script | undefined, guard: string): Promise<CloudHostError> {
  const why = await claims?.refused?.(guard);
  if (isCloudHostError(why)) return why;
  const details = { resource: "room on the server's host" };
  return new CloudHostError("EXHAUSTED", "The server's host has no room for it.", details, { retryable: true });
}
