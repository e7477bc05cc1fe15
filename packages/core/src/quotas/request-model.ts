import { z } from "zod";
import { byCreation, oneOrMore } from "../lists/filters.ts";
import { pageBy } from "../lists/page-by.ts";
import { Label } from "../names.ts";
import { QuotaLimits } from "./model.ts";

/** `open` until somebody decides. */
export const QuotaRequestState = z.enum(["open", "approved", "rejected", "withdrawn"]);
export type QuotaRequestState = z.infer<typeof QuotaRequestState>;

/** Why something is asked for, or how it was decided: one to 1,000 characters. */
const Reason = z.string().min(1).max(1000);

/** A project's request for higher limits, and what became of it. */
export const QuotaRequest = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  /** Who asked. */
  userId: z.string(),
  state: QuotaRequestState,
  /** What was asked for, in base units; `-1` is unlimited. */
  limits: QuotaLimits,
  reason: z.string(),
  /** What was granted, when it was approved: the whole, or a part. */
  granted: QuotaLimits.nullable(),
  decidedBy: z.string().nullable(),
  /** The reason that was given with the decision. */
  decision: z.string().nullable(),
  createdAtMs: z.int(),
  decidedAtMs: z.int().nullable(),
});
export type QuotaRequest = z.infer<typeof QuotaRequest>;

/** Which limits a project wants, and why. */
export const AskForQuota = z.strictObject({
  limits: QuotaLimits.refine((limits) => Object.keys(limits).length > 0, "no limit is named"),
  reason: Reason,
});
export type AskForQuota = z.input<typeof AskForQuota>;

/** What of a request is granted: all of it, unless limits are named; no limit may be higher than was asked. */
export const ApproveQuotaRequest = z.strictObject({
  limits: QuotaLimits.refine((limits) => Object.keys(limits).length > 0, "no limit is named").optional(),
  reason: Reason.optional(),
});
export type ApproveQuotaRequest = z.input<typeof ApproveQuotaRequest>;

/** Why a request is rejected. */
export const RejectQuotaRequest = z.strictObject({ reason: Reason });
export type RejectQuotaRequest = z.input<typeof RejectQuotaRequest>;

/** Which requests, in which order: all that is said must hold. */
export const ListQuotaRequests = pageBy(["createdAt"]).extend({
  ...byCreation,
  state: oneOrMore(QuotaRequestState).optional(),
  /** Who asked. */
  userId: Label.optional(),
});
export type ListQuotaRequests = z.input<typeof ListQuotaRequests>;
