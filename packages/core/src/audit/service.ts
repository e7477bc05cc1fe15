import { projectFilter } from "../access/caller.ts";
import type { Caller } from "../access/caller.ts";
import { listing } from "../access/listing.ts";
import type { Listing } from "../access/listing.ts";
import type { Position } from "../lists/slice.ts";
import { parseInput } from "../parse.ts";
import { ExportLog, ReadLog } from "./model.ts";
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
   * Lines, the oldest first unless said otherwise: the project's; operators and auditors that act in none see all.
   * @throws CloudHostError `INVALID_ARGUMENT`
   * @example
   * for await (const line of ops.log.list({ resource: server.id })) console.log(line.userId, line.method, line.result);
   */
  list(input: ReadLog = {}): Listing<LogEntry> {
    const asked = { permission: "log.list", schema: ReadLog, what: "a part of the log" } as const;
    return listing(this.#caller, asked, input, (scope, where, part) =>
      this.#log.find({ ...where, projectId: projectFilter(scope) }, part),
    );
  }

  /**
   * The same lines as JSON, one a line with its line break, for a file or another system. `after` goes on behind the
   * last id that was exported before.
   * @throws CloudHostError `INVALID_ARGUMENT`
   * @example
   * for await (const line of ops.log.export({ after: lastId })) file.write(line);
   */
  async *export(input: ExportLog = {}): AsyncGenerator<string, void, undefined> {
    const scope = await this.#caller.may("log.export");
    const { after, ...where } = parseInput(ExportLog, input, "a part of the log");
    const projectId = projectFilter(scope);
    let behind: Position | undefined = after === undefined ? undefined : { key: after, id: after };
    do {
      const part = { limit: exportedAtOnce, sort: "at", after: behind } as const;
      const { items, next } = await this.#log.find({ ...where, projectId }, part);
      for (const line of items) yield `${JSON.stringify(line)}\n`;
      behind = next;
    } while (behind !== undefined);
  }
}

/** Lines read at once: a few hundred kilobytes. */
const exportedAtOnce = 1000;
