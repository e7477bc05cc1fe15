import { projectFilter } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import { parseInput } from "../parse.ts";
import { ReadLog } from "./model.ts";
import type { LogEntry } from "./model.ts";
import type { LogStore } from "./store.ts";

/**
 * The operation log: who asked for what, when, from where, and what became of it. Every change has a line, and so has
 * every refusal; what was only read has none. Nothing in the API changes or removes a line.
 */
export class OperationLog {
  readonly #caller: Caller;
  readonly #log: LogStore;

  constructor(caller: Caller, log: LogStore) {
    this.#caller = caller;
    this.#log = log;
  }

  /**
   * Lines, oldest first: the project's; operators and auditors that act in none see all.
   * @throws CloudHostError `INVALID_ARGUMENT`
   * @example
   * for await (const line of ops.log.list({ resource: server.id })) console.log(line.userId, line.method, line.result);
   */
  list(input: ReadLog = {}): Listing<LogEntry> {
    return listing(async (at) => {
      const scope = await this.#caller.may("log.list");
      const { limit, after, ...where } = parseInput(ReadLog, at, "a part of the log");
      return { items: await this.#log.find({ ...where, projectId: projectFilter(scope) }, { limit, after }), limit };
    }, input);
  }

  /**
   * The same lines as JSON, one a line with its line break, for a file or another system. `after` goes on behind the
   * last id that was exported before.
   * @throws CloudHostError `INVALID_ARGUMENT`
   * @example
   * for await (const line of ops.log.export({ after: lastId })) file.write(line);
   */
  async *export(input: ReadLog = {}): AsyncGenerator<string, void, undefined> {
    const scope = await this.#caller.may("log.export");
    const { limit: _, after, ...where } = parseInput(ReadLog, input, "a part of the log");
    const projectId = projectFilter(scope);
    for (let behind = after; ;) {
      const lines = await this.#log.find({ ...where, projectId }, { limit: exportedAtOnce, after: behind });
      for (const line of lines) yield `${JSON.stringify(line)}\n`;
      behind = lines.at(-1)?.id;
      if (lines.length < exportedAtOnce) return;
    }
  }
}

/** Lines read at once: a few hundred kilobytes. */
const exportedAtOnce = 1000;
