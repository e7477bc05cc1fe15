import { CloudHostError, uuidv7Ids } from "@cloudhost/core/ports";
import type { ChunkBackend, ImageStore, ImageStoreContext, Logger, TransferOptions } from "@cloudhost/core/ports";
import { imageStore } from "../image-store.ts";
import { Repository } from "../repository/repository.ts";
import { parseRepository } from "./repository-argument.ts";
import { ProgressLine } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: true;
  readonly quiet?: true;
}

/** What a command works with. */
export interface Session {
  readonly store: ImageStore;
  readonly backend: ChunkBackend;
  readonly context: ImageStoreContext;
  readonly terminal: Terminal;
  /** Runs a transfer, and shows how far it is unless that was not wanted. */
  readonly transfer: <T>(what: string, work: (options: TransferOptions) => Promise<T>) => Promise<T>;
  /** Prints a result: as a line of JSON where that was asked for, else as text. */
  readonly result: (json: object, text: () => string) => void;
}

/**
 * Opens the store that REPO names, runs the command, and closes it.
 *
 * @param mustExist whether a place where nothing was ever stored is a mistake
 * @throws CloudHostError of the command
 */
export async function inSession<T>(
  terminal: Terminal,
  repository: string,
  { json, quiet }: CommonOptions,
  mustExist: boolean,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const backend = parseRepository(repository, terminal.environment);
  const { clock, signal } = terminal;
  const context = { clock, ids: uuidv7Ids(clock), logger: warningsTo(terminal) };
  if (mustExist && !(await new Repository(backend).exists())) {
    const details = { resource: "image store", id: backend.name };
    throw new CloudHostError(
      "NOT_FOUND",
      `There is no image store in ${backend.name}; storing an image makes one.`,
      details,
    );
  }
  await using store = await imageStore({ backend }).open(context);
  return await work({
    store,
    backend,
    context,
    terminal,
    async transfer(what, transfer) {
      using line = new ProgressLine(terminal, what);
      const onProgress = json === true || quiet === true ? undefined : line.show;
      return await transfer({ signal, onProgress });
    },
    result: (value, text) => terminal.print(json === true ? JSON.stringify(value) : text()),
  });
}

function warningsTo(terminal: Terminal): Logger {
  const tell = (_fields: object, message = "something went wrong"): void => terminal.note(`warning: ${message}\n`);
  return { debug() {}, info() {}, warn: tell, error: tell };
}
