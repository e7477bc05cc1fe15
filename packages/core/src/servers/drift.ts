import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import type { GuestState } from "../ports/guest.ts";
import type { ServerState } from "./model.ts";
import { Power } from "./operations/resize-plan.ts";

/** What is done when a guest is not as its server, and no operation of ours has changed it. It is always recorded. */
export const DriftPolicy = z.strictObject({
  /**
   * It stopped by itself. `record`: the server is `stopped`, with a fault that says so. `restart`: it is started again,
   * at most once a minute.
   * @defaultValue record
   */
  stopped: z.enum(["record", "restart"]).default("record"),
  /** Somebody started it. `record`: the server is `active`. `stop`: it is stopped again. @defaultValue record */
  started: z.enum(["record", "stop"]).default("record"),
  /**
   * Its host came back without it running. `as-before`: what ran is started again, a few at a time. `stopped`: it stays
   * stopped, as one that stopped by itself.
   * @defaultValue as-before
   */
  afterHostRestart: z.enum(["as-before", "stopped"]).default("as-before"),
});
/** The policy with its defaults. */
export type DriftPolicy = z.infer<typeof DriftPolicy>;

/** What a guest is found as: its power, or that there is none. */
export type FoundGuest = GuestState["power"] | "missing";

/** How a guest is, where its server says otherwise. */
export interface Drift {
  readonly expected: GuestState["power"];
  readonly found: FoundGuest;
  /** What the server becomes. */
  readonly state: ServerState;
  /** What went wrong, where something did. */
  readonly fault: CloudHostError | null;
}

/** What of a server's row tells how its guest should be. */
export interface DriftingServer {
  readonly id: string;
  readonly name: string;
  readonly state: ServerState;
  /** A resize that is neither confirmed nor reverted, as JSON. */
  readonly resize: string | null;
  /** What is wrong with it, as JSON. */
  readonly fault: string | null;
}

/** The power that each state stands for. In every other state a guest is what its operations make of it. */
const powerOf: Partial<Record<ServerState, GuestState["power"]>> = {
  active: "running",
  stopped: "stopped",
  paused: "paused",
  suspended: "suspended",
};

/** States that stand for more than a power: a server whose guest stopped stays in them, so that there is a way back. */
const kept: readonly ServerState[] = ["rescued", "resized"];

/** States whose power is compared with the guest's. */
export const comparedStates: readonly ServerState[] = [...(Object.keys(powerOf) as ServerState[]), ...kept];

/** How a guest differs from its server, or `undefined` when it does not, or need not be the same. */
export function driftOf(server: DriftingServer, found: FoundGuest): Drift | undefined {
  if (kept.includes(server.state)) return stoppedInKept(server, found);
  const expected = powerOf[server.state];
  if (expected === undefined || expected === found) return undefined;
  if (found === "missing") {
    const fault = new CloudHostError("GUEST_NOT_FOUND", `The guest of ${server.name} is gone from its host.`, {
      guestId: server.id,
    });
    return { expected, found, state: "error", fault };
  }
  const state = comparedStates.find((one) => powerOf[one] === found) ?? "error";
  return { expected, found, state, fault: found === "stopped" ? stoppedUnasked(server) : null };
}

/** Of what is rescued or resized, only that it ran and stopped: everything else is its operations' to say. */
function stoppedInKept(server: DriftingServer, found: FoundGuest): Drift | undefined {
  const { fault, resize, state } = server;
  // Its state does not tell that it was recorded; its fault does.
  if (found !== "stopped" || fault !== null) return undefined;
  const ran = resize === null || ResizedPower.parse(JSON.parse(resize)).power === "active";
  if (!ran) return undefined;
  return { expected: "running", found, state, fault: stoppedUnasked(server) };
}

const ResizedPower = z.object({ power: Power });

function stoppedUnasked({ name, state }: DriftingServer): CloudHostError {
  return new CloudHostError("CONFLICT", `${name} stopped unasked.`, { state: "stopped", allowed: [state] });
}
