import { join } from "node:path";
import { CloudHostError } from "../errors.ts";
import type { HostCommand, HostReply } from "../ports/bus.ts";
import { JournalFile } from "./journal-file.ts";
import { linesOf, recordOf, stateFrom } from "./journal-records.ts";
import type { CommandRecord, EndedCommand, JournalRecord, JournalState } from "./journal-records.ts";

/** What became of a command that was handed in. */
export type Admission =
  /** It is new, and may be run once `durable` resolved. */
  | { readonly is: "new"; readonly durable: Promise<void> }
  /** It came before: it runs, or it ended. */
  | { readonly is: "known"; readonly durable: Promise<void> }
  | { readonly is: "refused"; readonly error: CloudHostError };

/** What was found when a journal was opened. */
export interface JournalFindings {
  /** Commands that had begun and not ended: whether they were done is unknown. */
  readonly interrupted: readonly CommandRecord[];
  /** Lines that were no record. More than the torn end of the last write means a damaged disk. */
  readonly damagedLines: number;
}

/** A command that was taken in and has not ended. */
interface Running {
  readonly command: CommandRecord;
  /** The newest under which it was asked for. */
  epoch: number;
  readonly durable: Promise<void>;
}

/**
 * What a host was told to do and what came of it: an append-only file, synced before a driver is called. How a command
 * ended is in the file before anybody is told, so that it outlives the process, and on the disk with the next sync: who
 * asks again after a power failure in between finds it begun and not ended, as if the power had failed a moment earlier.
 * The journal answers repeats, and refuses who comes with an older epoch than the resource has seen.
 *
 * Kept are the results of the last 4,096 commands, and the newest epoch of every resource for good (some 90 bytes
 * each). The file is rewritten when it is opened, and whenever more than half of its lines say nothing new. A command
 * that had begun but not ended when the agent ended is forgotten: drivers are idempotent, so a repeat runs again.
 */
export class CommandJournal implements AsyncDisposable {
  readonly found: JournalFindings;
  readonly #file: JournalFile;
  readonly #keptResults: number;
  readonly #epochs: Map<string, number>;
  readonly #running = new Map<string, Running>();
  readonly #ended: Map<string, EndedCommand>;
  #lines: number;

  private constructor(file: JournalFile, state: JournalState, found: JournalFindings, keptResults: number) {
    this.found = found;
    this.#file = file;
    this.#epochs = state.epochs;
    this.#ended = state.ended;
    this.#keptResults = keptResults;
    this.#lines = this.#keptLines().length;
  }

  /**
   * Opens the journal in this folder, which nobody else may have open.
   * @param keptResults how many results are remembered
   * @throws CloudHostError `VERSION_MISMATCH` when a newer version wrote it
   */
  static async open(folder: string, keptResults = 4096): Promise<CommandJournal> {
    const path = join(folder, "commands.journal");
    const { records, damagedLines } = await JournalFile.read(path);
    const state = stateFrom(records);
    forgetOldest(state.ended, keptResults);
    const file = await JournalFile.create(path, linesOf(state.epochs, [], state.ended));
    const found = { interrupted: [...state.begun.values()], damagedLines: damagedLines + state.strange };
    return new CommandJournal(file, state, found, keptResults);
  }

  /** Takes a command in, at once: who comes after it finds it there. The disk has it when `durable` resolves. */
  admit(command: HostCommand): Admission {
    const record = recordOf(command);
    const known = this.#running.get(record.commandId) ?? this.#ended.get(record.commandId);
    if (known !== undefined) return this.#repeat(record, known.command);
    const newest = this.#epochOf(record.resource);
    if (record.epoch < newest) return { is: "refused", error: olderEpoch(record, newest) };
    this.#epochs.set(record.resource, record.epoch);
    const durable = this.#append({ is: "begun", command: record });
    this.#running.set(record.commandId, { command: record, epoch: record.epoch, durable });
    durable.catch(() => this.#running.delete(record.commandId));
    return { is: "new", durable };
  }

  /**
   * Why a command that was taken in may not begin any more: a newer runner has its resource by now.
   * @returns `undefined` when it may
   */
  superseded(commandId: string): CloudHostError | undefined {
    const running = this.#running.get(commandId);
    if (running === undefined) return undefined;
    const newest = this.#epochOf(running.command.resource);
    return running.epoch < newest ? olderEpoch(running.command, newest) : undefined;
  }

  /** Remembers how a command ended; resolves when that outlives this process. */
  async end(reply: HostReply): Promise<void> {
    const running = this.#running.get(reply.commandId);
    if (running === undefined) return;
    this.#running.delete(reply.commandId);
    this.#ended.set(reply.commandId, { command: running.command, reply });
    forgetOldest(this.#ended, this.#keptResults);
    this.#lines += 1;
    await this.#file.note({ is: "ended", reply } satisfies JournalRecord);
    if (this.#lines > 2 * (2 * this.#ended.size + this.#epochs.size) + 1024) this.#compact();
  }

  /** How a command ended, when it did. */
  endOf(commandId: string): HostReply | undefined {
    return this.#ended.get(commandId)?.reply;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }

  /** The same command again, perhaps by the runner that took its operation over, under a newer epoch. */
  #repeat(repeat: CommandRecord, known: CommandRecord): Admission {
    if (known.body !== repeat.body) return { is: "refused", error: otherBody(known) };
    const { commandId, resource, epoch } = repeat;
    const running = this.#running.get(commandId);
    if (running !== undefined) running.epoch = Math.max(running.epoch, epoch);
    const begun = running?.durable ?? Promise.resolve();
    if (epoch <= this.#epochOf(resource)) return { is: "known", durable: begun };
    this.#epochs.set(resource, epoch);
    const raised = this.#append({ is: "epoch", resource, epoch });
    return { is: "known", durable: Promise.all([begun, raised]).then(() => undefined) };
  }

  #epochOf(resource: string): number {
    return this.#epochs.get(resource) ?? 0;
  }

  async #append(record: JournalRecord): Promise<void> {
    this.#lines += 1;
    await this.#file.append(record);
  }

  #compact(): void {
    this.#lines = 0;
    this.#file.rewrite(() => {
      const lines = this.#keptLines();
      this.#lines += lines.length;
      return lines;
    });
  }

  #keptLines(): JournalRecord[] {
    const running = Array.from(this.#running.values(), ({ command }) => command);
    return linesOf(this.#epochs, running, this.#ended);
  }
}

function forgetOldest(ended: Map<string, EndedCommand>, keep: number): void {
  for (const commandId of ended.keys()) {
    if (ended.size <= keep) return;
    ended.delete(commandId);
  }
}

function otherBody({ commandId, operationId }: CommandRecord): CloudHostError {
  return new CloudHostError("IDEMPOTENCY_MISMATCH", "Another command came under this id before.", {
    key: commandId,
    operationId: operationId ?? "",
  });
}

function olderEpoch({ resource, epoch }: CommandRecord, newest: number): CloudHostError {
  return new CloudHostError(
    "LOCKED",
    `A newer runner has ${resource}: this command is of epoch ${epoch}, the newest is ${newest}.`,
    { resource, by: `epoch ${newest}` },
  );
}
