import { insertInto } from "../database/script.ts";
import type { Statement } from "../database/script.ts";
import type { Tables } from "../database/tables.ts";

/** Something that happened, to be written in the same script as what made it happen. */
export interface OutboxEvent {
  readonly kind: string;
  readonly projectId: string | null;
  readonly resourceId: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** The statement that puts an event into the outbox. */
export const outboxEvent = (tables: Tables, event: OutboxEvent): Statement =>
  insertInto(tables.outbox, {
    kind: event.kind,
    project_id: event.projectId,
    resource_id: event.resourceId,
    actor: event.actor,
    data: JSON.stringify(event.data),
    at_ms: event.atMs,
  });
