import { z } from "zod";
import { idOf } from "../ids.ts";
import { byCreation, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label, NameOrId } from "../names.ts";
import { ErrorRecord } from "../ports/bus.ts";
import { msFrom } from "../units.ts";

/**
 * `undoing`: a step failed, what was done is being taken back. `stuck`: taking it back failed too, or what only goes
 * forward: an operator must look, and retry or abandon it.
 */
export const OperationState = z.enum(["running", "undoing", "succeeded", "failed", "stuck"]);
export type OperationState = z.infer<typeof OperationState>;

/** Why an operation is stuck: what its step failed with, and how often it was tried. */
export const StuckRecord = z.strictObject({ error: ErrorRecord, attempts: z.int().min(1) });
export type StuckRecord = z.infer<typeof StuckRecord>;

/** Who gave an operation up, why, and what is left of it. */
export const AbandonRecord = z.strictObject({
  reason: z.string(),
  userId: z.string(),
  atMs: z.int(),
  /** The steps that were not taken back; past the point of no return, those that were not done. */
  leftOver: z.array(z.string()),
});
export type AbandonRecord = z.infer<typeof AbandonRecord>;

/** What an operation waits for while nobody runs it. */
export const OperationWait = z.strictObject({
  /**
   * `host`: a process that reaches its host. `version`: one of a version that knows its kind. `process`: any one that
   * runs operations and has room.
   */
  what: z.enum(["host", "version", "process"]),
  /** The host's name, for who may see hosts. */
  host: z.string().nullable(),
});
export type OperationWait = z.infer<typeof OperationWait>;

/** Something long that was asked for, and how far it is. Durable: it is resumed after a crash. */
export const Operation = z.strictObject({
  id: idOf("op"),
  /** For instance `server.create`. */
  kind: z.string(),
  projectId: idOf("prj").nullable(),
  userId: z.string(),
  /** The server or image it is about. */
  resourceId: z.string(),
  state: OperationState,
  /** The step under way, or the last one. */
  step: z.string(),
  percent: z.int().min(0).max(100),
  /** Why it failed, or is being taken back. */
  error: ErrorRecord.nullable(),
  waitingFor: OperationWait.nullable(),
  /** Whether it can be cancelled now: it goes forward, and is not past its point of no return. */
  cancellable: z.boolean(),
  /** When somebody asked that it be cancelled. */
  cancelledAtMs: z.int().nullable(),
  /** By when it must be done, or is taken back. */
  deadlineMs: z.int().nullable(),
  stuck: StuckRecord.nullable(),
  abandoned: AbandonRecord.nullable(),
  createdAtMs: z.int(),
  updatedAtMs: z.int(),
});
export type Operation = z.infer<typeof Operation>;

/** How far an operation is. */
export interface OperationProgress {
  readonly operationId: string;
  readonly state: OperationState;
  readonly step: string;
  /** 0 to 100. */
  readonly percent: number;
}

/** How long an operation may take before it is taken back, in milliseconds: a week at most. */
export const TimeoutMs = z
  .int()
  .min(1)
  .max(msFrom({ days: 7 }));

/** Why an operation is given up. */
export const AbandonOperation = z.strictObject({ reason: z.string().min(1).max(1000) });
export type AbandonOperation = z.input<typeof AbandonOperation>;

/** Which operations to list, in which order: what is said must all hold. */
export const ListOperations = pageBy(["createdAt"]).extend({
  ...byCreation,
  state: oneOrMore(OperationState).optional(),
  /** `server.create`, for instance. */
  kind: NameOrId.max(40).optional(),
  resourceId: NameOrId.optional(),
  /** Who asked for it. */
  userId: Label.optional(),
});
export type ListOperations = z.input<typeof ListOperations>;
