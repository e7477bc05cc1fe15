import { z } from "zod";

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

/** From where to read. */
export const ReadEvents = z.strictObject({ after: z.int().min(0).default(0) });
export type ReadEvents = z.input<typeof ReadEvents>;
