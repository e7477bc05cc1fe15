import { isCloudHostError } from "../errors.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { Clock } from "../ports/clock.ts";
import { deletionOf } from "./deletion.ts";
import { refusalNow } from "./gate.ts";
import type { ServerStore } from "./store.ts";
import type { ServerRow } from "./server-row.ts";

/** Servers that one run begins to delete: the next one goes on. */
const mostAtOnce = 100;

/** Operators pass every lock; so does time. */
const asker = { everywhere: true };

/** Deletes for good what can be restored no more. */
export class ServerPurge {
  readonly #servers: ServerStore;
  readonly #engine: OperationEngine;
  readonly #clock: Clock;

  constructor(servers: ServerStore, engine: OperationEngine, clock: Clock) {
    this.#servers = servers;
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Begins the deletions that are due. One that somebody was faster with is passed over. */
  async reconcile(): Promise<void> {
    for (const row of await this.#servers.expired(this.#clock.nowMs(), mostAtOnce)) {
      try {
        await this.#purge(row);
      } catch (error) {
        if (!isCloudHostError(error, "CONFLICT") && !isCloudHostError(error, "NOT_FOUND")) throw error;
      }
    }
  }

  async #purge(row: ServerRow): Promise<void> {
    const request = {};
    const { definition, plan, meanwhile } = deletionOf(row, request, 0);
    await this.#engine.submit({
      definition,
      projectId: row.project_id,
      actor: { userId: "system: purge" },
      resourceId: row.id,
      hostId: row.host_id ?? undefined,
      idempotencyKey: undefined,
      request,
      input: await plan(row),
      statements: (operationId) => [this.#servers.begin(row, operationId, "delete", asker, meanwhile)],
      refused: () => refusalNow(this.#servers, row.id, "delete", asker),
    });
  }
}
