import { z } from "zod";
import { idOf } from "../ids.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, NameOrId } from "../names.ts";
import { Role } from "../projects/model.ts";

/**
 * What became of a request. `accepted`: it was done, or an operation was begun. `refused`: nothing was done, and `code`
 * says why. The others are how the operation that was begun ended, with the `code` of what went wrong.
 */
export const LogResult = z.enum(["accepted", "refused", "succeeded", "failed", "stuck"]);
export type LogResult = z.infer<typeof LogResult>;

/** One line of the operation log: who asked for what, and what became of it. Nothing changes it. */
export const LogEntry = z.strictObject({
  id: z.string(),
  atMs: z.int(),
  /** Of the system itself: `system: ` and the reason that it gave. */
  userId: z.string(),
  roles: z.array(Role),
  /** Whose things it was about; `null` for those of no project. */
  projectId: z.string().nullable(),
  /** As in the table of permissions: `servers.create`. */
  method: z.string(),
  /** Ids of what it was about, the first one foremost; none where it was refused before that was known. */
  resources: z.array(z.string()),
  /** What the host product said of where the request came from. */
  from: z.string().nullable(),
  result: LogResult,
  /** The error's code, where there was one. */
  code: z.string().nullable(),
  /** The operation that it began. */
  operationId: z.string().nullable(),
});
export type LogEntry = z.infer<typeof LogEntry>;

const filters = {
  userId: Label.optional(),
  /** The id of something that it was about. */
  resource: NameOrId.max(40).optional(),
  method: NameOrId.max(60).optional(),
  result: LogResult.optional(),
  /** From then on, epoch milliseconds. */
  from: z.int().min(0).optional(),
  /** Before then, epoch milliseconds. */
  to: z.int().min(0).optional(),
};

/** Which lines of the log, in which order: all that is said must hold. */
export const ReadLog = pageBy(["at"]).extend(filters);
export type ReadLog = z.input<typeof ReadLog>;

/** Which lines of the log to export: all that is said must hold. */
export const ExportLog = z.strictObject({
  ...filters,
  /** Only lines behind this one: the id of the last line that was exported before. */
  after: idOf("log").optional(),
});
export type ExportLog = z.input<typeof ExportLog>;
