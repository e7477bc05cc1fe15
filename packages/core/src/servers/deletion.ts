import type { DeleteServer, ServerState } from "./model.ts";
import { deleteServer } from "./operations/delete-server.ts";
import { PendingResize } from "./operations/resize-plan.ts";
import { softDeleteServer } from "./operations/soft-delete.ts";
import type { ServerRow } from "./server-row.ts";
import type { ActionCall } from "./submit-action.ts";

/** How long the OS of a server may take that is stopped because it is deleted, in milliseconds. */
const graceMs = 30_000;

/** What a server is again once it is restored, where it can be: a paused one loses its memory when it is stopped. */
const restoredTo: Partial<Record<ServerState, ServerState>> = {
  active: "active",
  stopped: "stopped",
  paused: "stopped",
  suspended: "suspended",
  rescued: "rescued",
  shelved: "shelved",
};

const withPower: readonly ServerState[] = ["active", "paused", "rescued"];

/** The other host on which its guest of before a resize is still. */
function leftOn({ resize }: ServerRow): string | null {
  if (resize === null) return null;
  const { way } = PendingResize.parse(JSON.parse(resize));
  return way.kind === "otherHost" ? way.sourceId : null;
}

/** How a server is deleted: for the time being where it can be restored, else for good. */
export function deletionOf(row: ServerRow, request: DeleteServer, restoreMs: number): ActionCall {
  // Nobody drives a fenced host, and no step of it waits for one.
  const where = row.host_fence === "fenced" ? ({ anywhere: true } as const) : {};
  const from = restoreMs > 0 ? restoredTo[row.state] : undefined;
  if (from === undefined) {
    const plan = () => ({ projectId: row.project_id, hostId: row.host_id, leftOnId: leftOn(row) });
    return { action: "delete", definition: deleteServer, request, plan, meanwhile: "deleting", ...where };
  }
  const running = withPower.includes(row.state);
  const plan = () => ({ hostId: row.host_id, running, from, graceMs, restoreMs });
  return { action: "delete", definition: softDeleteServer, request, plan, ...where };
}
