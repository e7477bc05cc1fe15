import { z } from "zod";
import { within, late } from "../clock/within.ts";
import { CloudHostError } from "../errors.ts";
import { Label } from "../names.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Actor, Project } from "../projects/model.ts";
import type { ChangePermission } from "./permissions.ts";

/** A change that somebody asks for, as the host product's policy sees it. Frozen. */
export interface PolicyRequest {
  /** As in the table of permissions: `servers.create`. */
  readonly method: ChangePermission;
  readonly actor: Actor;
  /** The project in which the actor acts, if any. */
  readonly project: Project | undefined;
  /** Id of the thing that is to be changed; `undefined` where the request makes a new one. */
  readonly target: string | undefined;
  /** The parsed input, its defaults filled in. */
  readonly input: Readonly<Record<string, unknown>>;
}

/**
 * What a policy says: nothing lets the request pass; `veto` refuses it, with a reason for people and, if wanted, a code
 * of the product's own for programs; `complete` puts these fields over those of the input, which is then parsed again.
 */
export type PolicyAnswer =
  | undefined
  | void
  | { readonly veto: { readonly reason: string; readonly code?: string | undefined } }
  | { readonly complete: Readonly<Record<string, unknown>> };

/**
 * The host product's say in every change: asked once for each request, after it was authorised and before anything is
 * written. It fails closed: one that throws, answers nonsense or takes too long refuses the request.
 * @example
 * const policy: Policy = {
 *   before({ method, input }) {
 *     if (method === "servers.create" && input["zone"] === undefined) return { complete: { zone: "az-1" } };
 *     if (method === "servers.delete" && isHoliday()) return { veto: { reason: "Nothing is deleted on holidays." } };
 *   },
 * };
 */
export interface Policy {
  /** Asked about each change; what it throws refuses the request. */
  before(request: PolicyRequest): PolicyAnswer | Promise<PolicyAnswer>;
  /** How long it may take, in milliseconds. @defaultValue 5,000 */
  readonly timeoutMs?: number;
}

const Answer = z.union([
  z.undefined(),
  z.strictObject({ veto: z.strictObject({ reason: z.string().min(1), code: Label.optional() }) }),
  z.strictObject({ complete: z.record(z.string(), z.unknown()) }),
]);

/**
 * Asks the policy.
 * @returns the fields that complete the input, if any
 * @throws CloudHostError `VETOED`
 */
export async function askPolicy(
  policy: Policy,
  request: PolicyRequest,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { method } = request;
  const { timeoutMs = 5000 } = policy;
  // A virtual clock stands while the policy works, unless the policy itself waits for it.
  const asked = clock.busy(async () => policy.before(request));
  const answer = await within(clock, timeoutMs, asked).catch((err: unknown) => {
    logger.error({ err, method }, "the policy failed: the request is refused");
    throw policyFailed(method, "failed", err);
  });
  if (answer === late) {
    logger.error({ method, timeoutMs }, "the policy took too long: the request is refused");
    throw policyFailed(method, `did not answer within ${timeoutMs} ms`);
  }
  const parsed = Answer.safeParse(answer);
  if (!parsed.success) {
    logger.error({ err: parsed.error, method }, "the policy's answer is none: the request is refused");
    throw policyFailed(method, "answered what is no answer", parsed.error);
  }
  if (parsed.data === undefined) return undefined;
  if ("complete" in parsed.data) return parsed.data.complete;
  const { reason, code } = parsed.data.veto;
  throw new CloudHostError("VETOED", reason, {
    method,
    reason,
    ...(code === undefined ? {} : { code }),
    failed: false,
  });
}

/** The refusal for a policy that is out of order: nothing is done unasked. */
export function policyFailed(method: ChangePermission, how: string, cause?: unknown): CloudHostError<"VETOED"> {
  const reason = `The product's policy ${how}.`;
  const details = { method, reason, failed: true };
  return new CloudHostError("VETOED", reason, details, { cause, retryable: true });
}
