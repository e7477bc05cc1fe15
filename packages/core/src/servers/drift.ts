import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import type { GuestState } from "../ports/guest.ts";
import type { ServerState } from "./model.ts";

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

/** The power that each state stands for. In every other state a guest is what its operations make of it. */
const powerOf: Partial<Record<ServerState, GuestState["power"]>> = {
  active: "running",
  stopped: "stopped",
  paused: "paused",
  suspended: "suspended",
};

/** States whose power is compared with the guest's. */
export const comparedStates = Object.keys(powerOf) as readonly ServerState[];

/** How a guest differs from its server, or `undefined` when it does not, or need not be the same. */
export function driftOf(
  server: { readonly id: string; readonly name: string; readonly state: ServerState },
  found: FoundGuest,
): Drift | undefined {
  const expected = powerOf[server.state];
  if (expected === undefined || expected === found) return undefined;
  if (found === "missing") {
    const fault = new CloudHostError("GUEST_NOT_FOUND", `The guest of ${server.name} is gone from its host.`, {
      guestId: server.id,
    });
    return { expected, found, state: "error", fault };
  }
  const state = comparedStates.find((one) => powerOf[one] === found) ?? "error";
  if (found !== "stopped") return { expected, found, state, fault: null };
  const details = { state: "stopped", allowed: [server.state] };
  return { expected, found, state, fault: new CloudHostError("CONFLICT", `${server.name} stopped unasked.`, details) };
}
