import { z } from "zod";
import { idOf } from "../ids.ts";
import { NameOrId, Page } from "../names.ts";
import { ErrorRecord } from "../ports/bus.ts";

/** `undoing`: a step failed, what was done is being taken back. `stuck`: taking it back failed too; somebody must look. */
export const OperationState = z.enum(["running", "undoing", "succeeded", "failed", "stuck"]);
export type OperationState = z.infer<typeof OperationState>;

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
  error: ErrorRecord.nullable(),
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

/** Which operations to list. */
export const ListOperations = Page.extend({ state: OperationState.optional(), resourceId: NameOrId.optional() });
export type ListOperations = z.input<typeof ListOperations>;
