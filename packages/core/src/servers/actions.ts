import type { ServerState } from "./model.ts";

/** What an action asks of a server, and what it makes of it. */
export interface ServerActionRule {
  /** States in which it can be asked for; in every other it is refused with `CONFLICT`. */
  readonly from: readonly ServerState[];
  /**
   * The state it leads to when it succeeds; `before`: the state in which it was asked for, or kept to go back to. What was
   * in `error` is `active` then.
   */
  readonly to: ServerState | "before";
  /** Whether it has the server for itself: then it waits for no other, and is refused while another has it. */
  readonly exclusive: boolean;
  /** Whose lock keeps it off: anybody's, an operator's, or nobody's. Operators pass every lock. */
  readonly heldOffBy: "any lock" | "an operator's lock" | "no lock";
  /** Whether a server that has no host is refused: one that could not be created. */
  readonly needsHost: boolean;
}

const rule = (
  from: readonly ServerState[],
  to: ServerActionRule["to"],
  but: Partial<ServerActionRule> = {},
): ServerActionRule => ({ from, to, exclusive: true, heldOffBy: "any lock", needsHost: true, ...but });

/** States of a server that can be deleted. One whose deletion failed is deleted again. */
const deletable = [
  "active",
  "stopped",
  "paused",
  "suspended",
  "rescued",
  "resized",
  "shelved",
  "softDeleted",
  "error",
  "deleting",
] as const satisfies readonly ServerState[];

/** States of a server that is there, and not about to go. */
const there = [
  "building",
  "active",
  "stopped",
  "paused",
  "suspended",
  "rescued",
  "resized",
  "shelved",
  "error",
] as const satisfies readonly ServerState[];

const aside = { exclusive: false } as const;
const placeless = { needsHost: false } as const;

/**
 * What can be asked of a server, and in which states: the one table. Each service method asks for its own line, the
 * documentation is made from it, and a test tries every pair of a state and an action.
 */
export const serverActions = {
  start: rule(["stopped"], "active"),
  stop: rule(["active", "paused", "suspended"], "stopped"),
  reboot: rule(["active"], "active"),
  hardReboot: rule(["active", "paused", "error"], "active"),
  pause: rule(["active"], "paused"),
  unpause: rule(["paused"], "active"),
  suspend: rule(["active"], "suspended"),
  resume: rule(["suspended"], "active"),
  rebuild: rule(["active", "stopped", "error"], "before"),
  rescue: rule(["active", "stopped"], "rescued"),
  unrescue: rule(["rescued"], "before"),
  resize: rule(["active", "stopped"], "resized"),
  confirmResize: rule(["resized"], "before"),
  revertResize: rule(["resized"], "before"),
  migrate: rule(["active", "stopped"], "before"),
  shelve: rule(["active", "stopped"], "shelved"),
  unshelve: rule(["shelved"], "before", placeless),
  createDisk: rule(["active", "stopped"], "before"),
  deleteDisk: rule(["active", "stopped"], "before"),
  attachInterface: rule(["active", "stopped"], "before"),
  detachInterface: rule(["active", "stopped"], "before"),
  evacuate: rule(["active", "stopped", "paused", "suspended", "rescued", "error"], "before"),
  snapshot: rule(["active", "paused", "stopped"], "before"),
  delete: rule(deletable, "deleted", placeless),
  restore: rule(["softDeleted"], "before", placeless),
  update: rule(there, "before", { ...aside, ...placeless }),
  lock: rule(there, "before", { ...aside, ...placeless, heldOffBy: "no lock" }),
  unlock: rule(there, "before", { ...aside, ...placeless, heldOffBy: "an operator's lock" }),
  console: rule(["active", "paused", "rescued", "stopped", "suspended"], "before", { ...aside, heldOffBy: "no lock" }),
} as const satisfies Record<string, ServerActionRule>;

/** A line of {@link serverActions}. */
export type ServerActionName = keyof typeof serverActions;
