import { createHash } from "node:crypto";
import { z } from "zod";
import { CloudHostError } from "../errors.ts";
import { idOf } from "../ids.ts";
import { HostReply } from "../ports/bus.ts";
import type { HostCommand } from "../ports/bus.ts";

/** What the journal keeps of a command. */
export const CommandRecord = z.strictObject({
  commandId: idOf("cmd"),
  operationId: idOf("op").nullable(),
  kind: z.string(),
  resource: z.string(),
  epoch: z.int().min(0),
  /** SHA-256 of what it asks for: a repeat asks for the same. */
  body: z.string(),
});
export type CommandRecord = z.infer<typeof CommandRecord>;

/** One line of the command journal. */
export const JournalRecord = z.discriminatedUnion("is", [
  z.strictObject({ is: z.literal("journal"), version: z.int() }),
  z.strictObject({ is: z.literal("epoch"), resource: z.string(), epoch: z.int().min(0) }),
  z.strictObject({ is: z.literal("begun"), command: CommandRecord }),
  z.strictObject({ is: z.literal("ended"), reply: HostReply }),
]);
export type JournalRecord = z.infer<typeof JournalRecord>;

/** A command that ended, and how. */
export interface EndedCommand {
  readonly command: CommandRecord;
  readonly reply: HostReply;
}

/** What a journal's lines add up to. */
export interface JournalState {
  /** The newest of each resource. */
  readonly epochs: Map<string, number>;
  /** Begun and not ended, by id. */
  readonly begun: Map<string, CommandRecord>;
  /** By id, in the order of their ends. */
  readonly ended: Map<string, EndedCommand>;
  /** Records that are none of this version. */
  readonly strange: number;
}

const version = 1;

/**
 * Reads lines back.
 * @throws CloudHostError `VERSION_MISMATCH` when a newer version wrote them
 */
export function stateFrom(lines: readonly unknown[]): JournalState {
  requireVersion(lines[0]);
  const epochs = new Map<string, number>();
  const begun = new Map<string, CommandRecord>();
  const ended = new Map<string, EndedCommand>();
  const raise = (resource: string, epoch: number): void => {
    epochs.set(resource, Math.max(epoch, epochs.get(resource) ?? 0));
  };
  let strange = 0;
  for (const line of lines) {
    const { data: record } = JournalRecord.safeParse(line);
    if (record === undefined) {
      strange += 1;
    } else if (record.is === "epoch") {
      raise(record.resource, record.epoch);
    } else if (record.is === "begun") {
      raise(record.command.resource, record.command.epoch);
      begun.set(record.command.commandId, record.command);
    } else if (record.is === "ended") {
      const { reply } = record;
      const command = begun.get(reply.commandId);
      if (command !== undefined) ended.set(reply.commandId, { command, reply });
      begun.delete(reply.commandId);
    }
  }
  return { epochs, begun, ended, strange };
}

/** The shortest lines that {@link stateFrom} reads as this. */
export function linesOf(
  epochs: ReadonlyMap<string, number>,
  begun: Iterable<CommandRecord>,
  ended: ReadonlyMap<string, EndedCommand>,
): JournalRecord[] {
  const lines: JournalRecord[] = [{ is: "journal", version }];
  for (const [resource, epoch] of epochs) lines.push({ is: "epoch", resource, epoch });
  for (const { command, reply } of ended.values()) lines.push({ is: "begun", command }, { is: "ended", reply });
  for (const command of begun) lines.push({ is: "begun", command });
  return lines;
}

/** What the journal keeps of this command. */
export const recordOf = ({ commandId, operationId, kind, resource, epoch, args }: HostCommand): CommandRecord => ({
  commandId,
  operationId,
  kind,
  resource,
  epoch,
  // Neither epoch nor time limit: who takes an operation over repeats its command under a newer epoch.
  body: createHash("sha256")
    .update(JSON.stringify([operationId, kind, resource, args], sortedKeys))
    .digest("base64url"),
});

/** For `JSON.stringify`: objects with their keys in order, so that equal values have equal texts. */
function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function requireVersion(line: unknown): void {
  const header = z.looseObject({ is: z.literal("journal"), version: z.int() }).safeParse(line);
  const found = header.success ? header.data.version : version;
  if (found <= version) return;
  throw new CloudHostError("VERSION_MISMATCH", "A newer version of the agent wrote this command journal.", {
    what: "command journal",
    found: String(found),
    supported: String(version),
  });
}
