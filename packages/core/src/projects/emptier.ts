import type { Database } from "../database/database.ts";
import { CloudHostError, isCloudHostError } from "../errors.ts";
import { neededByShelved, submitImageDeletion } from "../images/image-deletion.ts";
import type { ImageRecords } from "../images/store.ts";
import type { OperationEngine } from "../operations/engine.ts";
import type { OperationRow } from "../operations/journal.ts";
import type { ProjectEmptying } from "../operations/tools.ts";
import type { Clock } from "../ports/clock.ts";
import { deletionOf } from "../servers/deletion.ts";
import type { ServerStore } from "../servers/store.ts";
import { submitAction } from "../servers/submit-action.ts";
import { projectKnownMs } from "./store.ts";

/** What emptying a project needs. */
export interface ProjectEmptierParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly servers: ServerStore;
  readonly images: ImageRecords;
  /** Made after this: it runs what this begins. */
  readonly engine: () => OperationEngine;
}

/** So many are deleted at once. */
const atOnce = 32;

/** Deletes a project's servers and images, whatever they are in, by operations of their own. It may be done again. */
export class ProjectEmptier implements ProjectEmptying {
  readonly #parts: ProjectEmptierParts;

  constructor(parts: ProjectEmptierParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when no server is left. One that an operation has is waited for: it is cancelled where it can be, and given
   * up where it is stuck.
   * @throws CloudHostError why a deletion is stuck
   */
  async deleteServers(projectId: string, userId: string): Promise<void> {
    const { clock, database, servers, engine } = this.#parts;
    // Until every process knows that nothing new is made in it.
    await clock.sleep(2 * projectKnownMs);
    const left = `SELECT id, operation_id FROM ${database.tables.servers} WHERE project_id = ? AND deleted_at_ms IS NULL ORDER BY id LIMIT ${atOnce}`;
    await this.#empty(left, projectId, userId, "server.delete", async (serverId) => {
      const row = await servers.get(serverId);
      if (row === undefined) return undefined;
      const actor = { userId, everywhere: true };
      return submitAction({ engine: engine(), servers }, actor, row, deletionOf(row, { restoreMs: 0 }, 0));
    });
  }

  /**
   * Resolves when no image is left.
   * @throws CloudHostError why a deletion is stuck, `CONFLICT` for a public one that another project's shelved server needs
   */
  async deleteImages(projectId: string, userId: string): Promise<void> {
    const { database, images, engine } = this.#parts;
    const left = `SELECT id, operation_id FROM ${database.tables.images} WHERE project_id = ? AND state <> 'deleted' ORDER BY id LIMIT ${atOnce}`;
    await this.#empty(left, projectId, userId, "image.delete", async (imageId) => {
      const row = await images.get(imageId);
      return row === undefined ? undefined : submitImageDeletion({ engine: engine(), images }, { userId }, row);
    });
  }

  async #empty(
    left: string,
    projectId: string,
    userId: string,
    deletion: string,
    submit: (id: string) => Promise<{ readonly id: string } | undefined>,
  ): Promise<void> {
    const engine = this.#parts.engine();
    for (;;) {
      const rows = await this.#parts.database.select<LeftRow>(left, [projectId]);
      if (rows.length === 0) return;
      const begun = await Promise.all(
        rows.map(async ({ id, operation_id: operationId }) => {
          const has = await this.#underWay(operationId);
          return has === undefined ? unlessChanged(submit(id)) : this.#end(has, userId, deletion);
        }),
      );
      const operationIds = begun.flatMap((one) => (one === undefined ? [] : [one.id]));
      // Its own place is theirs meanwhile: as many deletions of projects as there are places would wait for ever.
      await engine.aside(() => Promise.all(operationIds.map((id) => engine.ended(id))));
    }
  }

  async #underWay(operationId: string): Promise<OperationRow | undefined> {
    const { read, tables } = this.#parts.database;
    return this.#parts.database.first<OperationRow>(
      read(tables.operations).where({ id: operationId }).whereIn("state", ["running", "undoing", "stuck"]),
    );
  }

  /** Has an operation that stands in the way come to its end. */
  async #end(row: OperationRow, userId: string, deletion: string): Promise<{ readonly id: string } | undefined> {
    const { control } = this.#parts.engine();
    if (row.state === "stuck") {
      if (row.kind === deletion) throw stuckDeletion(row);
      await unlessChanged(control.abandon(row, { userId, reason: "Its project is deleted with everything." }));
      return undefined;
    }
    await unlessChanged(control.cancel(row));
    return row;
  }
}

interface LeftRow {
  readonly id: string;
  readonly operation_id: string;
}

/**
 * Somebody was faster, or it cannot be cancelled any more: it is looked at again. What another project needs would be
 * looked at for ever.
 */
async function unlessChanged<Out>(change: Promise<Out>): Promise<Out | undefined> {
  try {
    return await change;
  } catch (error) {
    if (isCloudHostError(error, "CONFLICT") && error.details.state !== neededByShelved) return undefined;
    throw error;
  }
}

function stuckDeletion({ id, resource_id: resourceId, step }: OperationRow): CloudHostError {
  const details = { state: `stuck at ${step}`, allowed: ["deleted"] };
  return new CloudHostError(
    "CONFLICT",
    `The deletion of ${resourceId} is stuck: retry or abandon operation ${id} first.`,
    details,
    { retryable: true },
  );
}
