import { VIR } from "./protocol/constants.ts";

/**
 * Where a {@link LibvirtError} comes from, and so what can be done about it:
 * - `daemon`: libvirt did the call and refused it or failed; {@link LibvirtError.code} says how.
 * - `argument`: the call was not sent, because its arguments are not what the procedure takes.
 * - `timeout`: no answer within the deadline. **Whether it was done is unknown.**
 * - `cancelled`: the caller's signal fired. Whether it was done is unknown.
 * - `disconnected`: the daemon is not there, or the connection broke. Whether a call under way was done is unknown.
 * - `overflow`: a subscriber did not keep up with its events and lost some.
 * - `protocol`: what came is not the protocol that this package speaks. The connection is closed.
 * - `unsupported`: the daemon wants or sends what this package cannot do (SASL, file descriptors).
 */
export type LibvirtErrorKind =
  | "daemon"
  | "argument"
  | "timeout"
  | "cancelled"
  | "disconnected"
  | "overflow"
  | "protocol"
  | "unsupported";

/** The rest of what libvirt says about an error: its meaning depends on the code. */
export interface LibvirtErrorDetails {
  /** The procedure that was called, where there was one. */
  readonly procedure?: string | undefined;
  readonly str1?: string | null | undefined;
  readonly str2?: string | null | undefined;
  readonly str3?: string | null | undefined;
  readonly int1?: number | undefined;
  readonly int2?: number | undefined;
}

/** What a {@link LibvirtError} is made of. */
export interface LibvirtErrorFields {
  readonly kind: LibvirtErrorKind;
  readonly code: number;
  readonly domain?: number | undefined;
  readonly level?: number | undefined;
  readonly details?: LibvirtErrorDetails | undefined;
  readonly cause?: unknown;
}

const brand = Symbol.for("@cloudhost/LibvirtError");

/** What every call of this package throws. */
export class LibvirtError extends Error {
  override readonly name = "LibvirtError";
  readonly [brand] = true;
  readonly kind: LibvirtErrorKind;
  /** One of libvirt's `VIR_ERR_…`: compare with {@link VIR}, for instance `VIR.ERR_NO_DOMAIN`. */
  readonly code: number;
  /** The part of libvirt that it comes from: one of `VIR_FROM_…`. */
  readonly domain: number;
  /** How bad it is: one of `VIR_ERR_NONE`, `VIR_ERR_WARNING`, `VIR_ERR_ERROR`. */
  readonly level: number;
  readonly details: LibvirtErrorDetails;

  constructor(message: string, { kind, code, domain, level, details, cause }: LibvirtErrorFields) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
    this.code = code;
    this.domain = domain ?? VIR.FROM_RPC;
    this.level = level ?? VIR.ERR_ERROR;
    this.details = details ?? {};
  }
}

/** Holds across copies of the package, where `instanceof` does not; with a code, only for that error. */
export function isLibvirtError(error: unknown, code?: number): error is LibvirtError {
  return (
    typeof error === "object" &&
    error !== null &&
    brand in error &&
    (code === undefined || (error as LibvirtError).code === code)
  );
}

export const protocolError = (message: string): LibvirtError =>
  new LibvirtError(message, { kind: "protocol", code: VIR.ERR_RPC });

export const argumentError = (message: string): LibvirtError =>
  new LibvirtError(message, { kind: "argument", code: VIR.ERR_INVALID_ARG });

export const disconnectedError = (message: string, cause?: unknown): LibvirtError =>
  new LibvirtError(message, { kind: "disconnected", code: VIR.ERR_NO_CONNECT, cause });

export const unsupportedError = (message: string): LibvirtError =>
  new LibvirtError(message, { kind: "unsupported", code: VIR.ERR_NO_SUPPORT });

export const cancelledError = (what: string, cause: unknown): LibvirtError =>
  new LibvirtError(`${what} was cancelled`, { kind: "cancelled", code: VIR.ERR_OPERATION_ABORTED, cause });
