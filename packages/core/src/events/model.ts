import { z } from "zod";
import { NameOrId } from "../names.ts";

/** Something that happened, in the order in which it was written. */
export const CloudEvent = z.strictObject({
  /** Where it stands in the outbox: `events({ after })` goes on behind it. */
  cursor: z.int(),
  /** For instance `server.active`, `operation.failed`. */
  kind: z.string(),
  projectId: z.string().nullable(),
  resourceId: z.string(),
  /** Who asked for it. */
  userId: z.string(),
  data: z.record(z.string(), z.json()),
  atMs: z.int(),
});
export type CloudEvent = z.infer<typeof CloudEvent>;

/** A kind of event as a whole (`server.create.succeeded`), or all kinds behind a prefix (`server.*`). */
export const EventKind = z
  .string()
  .max(80)
  .regex(/^[a-z][a-z-]*(\.[a-z][a-z-]*)*(\.\*)?$/, "not a kind of event: server.create.succeeded, or server.*");

/** Which kinds of event: at least one of these. */
export const EventKinds = z.array(EventKind).min(1).max(50);

/** From where to read, and what of it. */
export const ReadEvents = z.strictObject({
  /** The cursor of the last event that was dealt with. @defaultValue from the oldest event that is kept */
  after: z.int().min(0).optional(),
  /** @defaultValue every kind */
  kinds: EventKinds.optional(),
  /** Only what happened to this resource. */
  resourceId: NameOrId.optional(),
});
export type ReadEvents = z.input<typeof ReadEvents>;

/** Whether an event is of one of these kinds; without any, every event is. */
export const isOfKinds = (kind: string, kinds: readonly string[] | undefined): boolean =>
  kinds === undefined ||
  kinds.some((wanted) => (wanted.endsWith(".*") ? kind.startsWith(wanted.slice(0, -1)) : kind === wanted));
