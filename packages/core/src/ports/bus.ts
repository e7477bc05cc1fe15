import type { Observable } from "rxjs";
import { z } from "zod";
import { errorCodes } from "../errors.ts";
import { idOf } from "../ids.ts";
import { GuestState } from "./guest.ts";
import { HostInventory } from "./host.ts";
import { hostCommands } from "./host-commands.ts";

const epochMs = z.int().min(0);

/** A command to a host's agent. The agent parses `args` by its kind. */
export const HostCommand = z.strictObject({
  commandId: idOf("cmd"),
  /** Whose step it is; `null` for a reconciler's or a query. */
  operationId: idOf("op").nullable(),
  /** Fencing: an agent refuses a command with an older epoch than the newest it saw for the same resource. */
  epoch: z.int().min(0),
  /** What it is about, in order among its like: a server's id, or the host's own for its network. */
  resource: z.string().min(1).max(128),
  kind: z.enum(Object.keys(hostCommands) as [keyof typeof hostCommands]),
  args: z.json(),
  /** How long it may take from its start on the host; never an absolute time, since clocks differ. */
  timeoutMs: z.int().min(1),
});
export type HostCommand = z.infer<typeof HostCommand>;

/** An error as JSON, as it crosses bus and journal. */
export const ErrorRecord = z.strictObject({
  code: z.enum(errorCodes as [(typeof errorCodes)[number]]).or(z.string().max(64)),
  message: z.string(),
  details: z.json(),
  retryable: z.boolean(),
});
export type ErrorRecord = z.infer<typeof ErrorRecord>;

/**
 * The agent has the command in its journal; it is not done yet. Or why it will never be: `LOCKED` when a newer epoch
 * came for its resource, `IDEMPOTENCY_MISMATCH` when another command came under its id, `CANCELLED` when it was
 * cancelled before it came, `INVALID_ARGUMENT`, or `HOST_UNAVAILABLE` from an agent that closes or cannot write.
 */
export const Accepted = z.discriminatedUnion("accepted", [
  z.strictObject({ accepted: z.literal(true), commandId: idOf("cmd") }),
  z.strictObject({ accepted: z.literal(false), commandId: idOf("cmd"), error: ErrorRecord }),
]);
export type Accepted = z.infer<typeof Accepted>;

/**
 * How a command is. `unknown`: this agent never took it in, or it was begun and the agent ended before it did. Either way
 * the same command may be sent again: drivers are idempotent. The results of the last some thousand commands are kept.
 */
export const HostReply = z.discriminatedUnion("state", [
  z.strictObject({ state: z.literal("unknown"), commandId: idOf("cmd") }),
  z.strictObject({ state: z.literal("running"), commandId: idOf("cmd"), percent: z.number().min(0).max(100) }),
  z.strictObject({ state: z.literal("succeeded"), commandId: idOf("cmd"), result: z.json() }),
  z.strictObject({ state: z.literal("failed"), commandId: idOf("cmd"), error: ErrorRecord }),
]);
export type HostReply = z.infer<typeof HostReply>;

const hostName = z.string().min(1).max(63);

/** What an agent says by itself. Any may be lost, repeated, late or out of order. */
export const HostReport = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("heartbeat"),
    host: hostName,
    /** Of this start of the agent. */
    instance: z.string(),
    /** Counts up from 1 with each beat of this instance. */
    sequence: z.int().min(1),
  }),
  z.strictObject({ kind: z.literal("inventory"), host: hostName, inventory: HostInventory }),
  z.strictObject({ kind: z.literal("guestChanged"), host: hostName, guest: GuestState, atMs: epochMs }),
  z.strictObject({
    kind: z.literal("commandProgress"),
    host: hostName,
    commandId: idOf("cmd"),
    percent: z.number().min(0).max(100),
  }),
  z.strictObject({ kind: z.literal("commandEnded"), host: hostName, reply: HostReply }),
  z.strictObject({ kind: z.literal("networkApplied"), host: hostName, revision: z.int().min(0) }),
]);
export type HostReport = z.infer<typeof HostReport>;

/**
 * Carries commands to agents and their reports back. It may lose, repeat, delay and reorder anything, and nothing
 * depends on it that the database and the command journal do not secure: **a timeout means unknown, never "not
 * executed"**; ask for the status. It sends bytes: what arrives was serialised, parsed by its schema, and is frozen.
 * Prove an implementation with `describeBus`.
 */
export interface Bus extends AsyncDisposable {
  /**
   * Hands a command over and resolves when the agent has journalled it, or refused it.
   * @throws CloudHostError `HOST_UNAVAILABLE` when no agent answered in time; it may have the command all the same
   */
  send(host: string, command: HostCommand): Promise<Accepted>;
  /**
   * Asks how a command is.
   * @throws CloudHostError `HOST_UNAVAILABLE` when no agent answered in time
   */
  status(host: string, commandId: string): Promise<HostReply>;
  /** Asks that a command be cancelled; how it ended, its status tells. One that comes only later is refused. */
  cancel(host: string, commandId: string): Promise<void>;
  /** What agents say, hot. */
  reports(): Observable<HostReport>;
}

/** The host's side of a bus: what an agent serves. */
export interface BusEndpoint {
  /** Journals the command, or refuses it, and then answers; what becomes of it is reported. */
  send(command: HostCommand): Promise<Accepted>;
  /** How a command is. */
  status(commandId: string): Promise<HostReply>;
  /** Cancels a command; one that comes only later is refused. */
  cancel(commandId: string): Promise<void>;
}

/** A host that a bus serves, until it is disposed of. */
export interface ServedHost extends AsyncDisposable {
  /** Sends what the agent says. */
  report(report: HostReport): void;
}

/** A bus that agents can join, in this process or another. */
export interface AgentBus {
  /** Serves a host's commands. */
  serve(host: string, endpoint: BusEndpoint): Promise<ServedHost>;
}
