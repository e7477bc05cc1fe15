import type { PlacementExplanation } from "./ports/scheduler.ts";
import type { QuotaName } from "./quotas/model.ts";

/** One fault of an input: where it is (`flavor.vcpus`, `disks.0.sizeGib`; empty for the whole) and what is wrong. */
export interface InputIssue {
  readonly path: string;
  readonly message: string;
}

/** A quota that a request would pass. Amounts are in the quota's base unit. */
export interface QuotaShortage {
  readonly quota: QuotaName;
  readonly need: number;
  readonly used: number;
  readonly limit: number;
}

/**
 * Every code a public call can fail with, and what `details` carries for it: JSON, facts for programs, safe to show to
 * the caller, never a secret and never another project's. `docs/errors.md` has a heading for each: cause, what the
 * caller does, what the operator does.
 */
export interface ErrorDetails {
  /** The input is not what the method takes. */
  INVALID_ARGUMENT: { readonly issues: readonly InputIssue[] };
  /** There is no such thing, or it belongs to another project. */
  NOT_FOUND: { readonly resource: string; readonly id: string };
  /** The actor's roles do not permit this. */
  FORBIDDEN: { readonly permission: string; readonly roles: readonly string[] };
  /** The host product's policy refused it; `failed` when it could not be asked. `code` is the product's own. */
  VETOED: { readonly method: string; readonly reason: string; readonly code?: string; readonly failed: boolean };
  /** The thing is in a state in which this cannot be done. */
  CONFLICT: { readonly state: string; readonly allowed: readonly string[] };
  /** The same idempotency key came with another request. */
  IDEMPOTENCY_MISMATCH: { readonly key: string; readonly operationId: string };
  /** Events behind this cursor are no longer kept: what happened up to `oldest` cannot be told any more. */
  CURSOR_EXPIRED: { readonly after: number; readonly oldest: number };
  /** No host can take the server; render it with `explanationText`. */
  NO_VALID_HOST: {
    readonly explanation: PlacementExplanation;
    /** Of servers that are created all or none: the names of those that found no place beside the others. */
    readonly unplaced?: readonly string[];
  };
  /** The project may not use so much. */
  QUOTA_EXCEEDED: { readonly exceeded: readonly QuotaShortage[] };
  /** A pool (addresses, network classes, tenant marks) has none left. */
  EXHAUSTED: { readonly resource: string };
  /** A host, hypervisor, object store or other remote part cannot be reached. */
  HOST_UNAVAILABLE: { readonly host: string; readonly reason: string };
  /** The host has no such guest. */
  GUEST_NOT_FOUND: { readonly guestId: string };
  /** An image, or a chunk of it, is not what was sealed, or the file is no disk image. */
  IMAGE_CORRUPT: { readonly image?: string; readonly chunk?: string; readonly reason: string };
  /** The driver, host or database cannot do this; its capabilities say so. */
  UNSUPPORTED: { readonly feature: string; readonly by: string };
  /** A program, package or service that this needs is missing. */
  DEPENDENCY_MISSING: { readonly dependency: string; readonly remedy: string };
  /** Somebody else holds it: another process has this state folder, host or resource. */
  LOCKED: { readonly resource: string; readonly by: string };
  /** The caller's signal fired, or the operation was cancelled. */
  CANCELLED: { readonly what: string };
  /** It took longer than the caller allowed. Whether it was done is unknown. */
  DEADLINE_EXCEEDED: { readonly what: string; readonly timeoutMs: number };
  /** Data or a peer of another version than this one can work with. */
  VERSION_MISMATCH: { readonly what: string; readonly found: string; readonly supported: string };
  /** A fault of ours, or a code that a newer peer sent: kept in `code`. */
  INTERNAL: { readonly code?: string; readonly reason?: string };
}

/** A code of {@link ErrorDetails}. */
export type ErrorCode = keyof ErrorDetails;

const brand = Symbol.for("@cloudhost/CloudHostError");

/** How an error travels through journal, bus and workers. */
export interface ErrorJson<Code extends ErrorCode = ErrorCode> {
  readonly code: Code;
  readonly message: string;
  readonly details: ErrorDetails[Code];
  readonly retryable: boolean;
}

/** What every public call of cloudhost throws. Match on {@link code}; the message is for people and may change. */
export class CloudHostError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "CloudHostError";
  readonly [brand] = true;
  readonly code: Code;
  readonly details: ErrorDetails[Code];
  /** Whether the same call may succeed later without any change. */
  readonly retryable: boolean;

  constructor(
    code: Code,
    message: string,
    details: ErrorDetails[Code],
    options: ErrorOptions & { readonly retryable?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
    this.retryable = options.retryable ?? false;
  }

  /** Crosses journal, bus and workers, where brand and prototype do not; {@link CloudHostError.fromJSON} is its inverse. */
  toJSON(): ErrorJson<Code> {
    return { code: this.code, message: this.message, details: this.details, retryable: this.retryable };
  }

  /** The error again. A code of a newer peer becomes `INTERNAL`, with that code in its details. */
  static fromJSON(json: ErrorJson): CloudHostError {
    const { code, message, details, retryable } = json;
    if (!codes.has(code)) return new CloudHostError("INTERNAL", message, { code }, { retryable });
    return new CloudHostError(code, message, details, { retryable });
  }

  /** Any thrown thing as one of ours: its own, or `INTERNAL` with it as the cause. */
  static from(error: unknown): CloudHostError {
    if (isCloudHostError(error)) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return new CloudHostError("INTERNAL", reason, { reason }, { cause: error });
  }
}

/** Holds across copies of the package, where `instanceof` does not; with a code it narrows `details` as well. */
export function isCloudHostError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is CloudHostError<Code> {
  return (
    typeof error === "object" &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as CloudHostError).code === code)
  );
}

const codes: ReadonlySet<string> = new Set<ErrorCode>(
  Object.keys({
    INVALID_ARGUMENT: 0,
    NOT_FOUND: 0,
    FORBIDDEN: 0,
    VETOED: 0,
    CONFLICT: 0,
    IDEMPOTENCY_MISMATCH: 0,
    CURSOR_EXPIRED: 0,
    NO_VALID_HOST: 0,
    QUOTA_EXCEEDED: 0,
    EXHAUSTED: 0,
    HOST_UNAVAILABLE: 0,
    GUEST_NOT_FOUND: 0,
    IMAGE_CORRUPT: 0,
    UNSUPPORTED: 0,
    DEPENDENCY_MISSING: 0,
    LOCKED: 0,
    CANCELLED: 0,
    DEADLINE_EXCEEDED: 0,
    VERSION_MISMATCH: 0,
    INTERNAL: 0,
  } satisfies Record<ErrorCode, 0>) as ErrorCode[],
);

/** Every code there is, in the order of `docs/errors.md`. */
export const errorCodes: readonly ErrorCode[] = [...codes] as ErrorCode[];
