import { Caller } from "../../src/access/caller.ts";
import type { CallerDependencies } from "../../src/access/caller.ts";
import { LogStore } from "../../src/audit/store.ts";
import type { NewLogEntry } from "../../src/audit/store.ts";
import { systemClock } from "../../src/clock/system-clock.ts";
import type { Database } from "../../src/database/database.ts";
import { silentLogger } from "../../src/ports/logger.ts";
import type { Actor, Project } from "../../src/projects/model.ts";

/** A project of the tests that has this name. */
export const projectNamed = (name: string): Project => ({ id: `prj_${name}`, name, state: "active", createdAtMs: 1 });

/** Callers over no database, and the lines that the log would have. */
export function testCallers(known: readonly string[], more: Partial<CallerDependencies> = {}) {
  const lines: NewLogEntry[] = [];
  class Lines extends LogStore {
    override entry(entry: NewLogEntry) {
      lines.push(entry);
      return { sql: "", bindings: [] };
    }
  }
  const dependencies: CallerDependencies = {
    projects: { named: async (name) => (known.includes(name) ? projectNamed(name) : undefined) },
    log: new Lines(undefined as never, undefined as never),
    database: { run: async () => {} } as unknown as Database,
    clock: systemClock(),
    logger: silentLogger,
    ...more,
  };
  return {
    lines,
    caller: (actor: Actor, own: Partial<CallerDependencies> = {}) => new Caller(actor, { ...dependencies, ...own }),
  };
}
