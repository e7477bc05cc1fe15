import { isCloudHostError } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { Clock } from "../ports/clock.ts";
import { deletionOf } from "./deletion.ts";
import type { ServerStore } from "./store.ts";
import { submitAction } from "./submit-action.ts";

/** Servers that one run begins to delete: the next one goes on. */
const mostAtOnce = 100;

/** Operators pass every lock; so does time. */
const actor = { userId: "system: purge", everywhere: true };

/** What {@link ServerPurge} works with. */
export interface ServerPurgeParts {
  readonly servers: ServerStore;
  readonly engine: OperationEngine;
  readonly clock: Clock;
}

/** Deletes for good what can be restored no more. */
export class ServerPurge {
  readonly #parts: ServerPurgeParts;

  constructor(parts: ServerPurgeParts) {
    this.#parts = parts;
  }

  /** Begins the deletions that are due. One that somebody was faster with is passed over. */
  async reconcile(): Promise<void> {
    const { clock, servers } = this.#parts;
    for (const row of await servers.expired(clock.nowMs(), mostAtOnce)) {
      try {
        await submitAction(this.#parts, actor, row, deletionOf(row, {}, 0));
      } catch (error) {
        if (!isCloudHostError(error, "CONFLICT") && !isCloudHostError(error, "NOT_FOUND")) throw error;
      }
    }
  }
}
