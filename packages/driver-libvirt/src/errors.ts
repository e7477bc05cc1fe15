import { CloudHostError, isCloudHostError } from "@cloudhost/core/ports";
import { isLibvirtError, VIR } from "@cloudhost/libvirt-rpc";
import type { LibvirtError } from "@cloudhost/libvirt-rpc";

/** How long a call to libvirt may take: a definition alone may wait for most of a minute where KVM is broken. */
export const callTimeoutMs = 90_000;

/** What an error is about, for its details. */
export interface ErrorContext {
  readonly host: string;
  readonly guestId?: string | undefined;
  /** What was tried: "start srv_…". */
  readonly what: string;
}

/** Does something and makes one of our errors of whatever it throws. */
export async function translated<T>(context: ErrorContext, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toCloudHostError(error, context);
  }
}

/** Any error as one of ours: libvirt's by what it means, everything else as it is or as a fault of ours. */
export function toCloudHostError(error: unknown, context: ErrorContext): CloudHostError {
  if (isCloudHostError(error)) return error;
  if (error instanceof Error && noRoom.test(error.message)) return fullDisk(context.what, error);
  return isLibvirtError(error) ? fromLibvirt(error, context) : CloudHostError.from(error);
}

function fromLibvirt(error: LibvirtError, { host, guestId, what }: ErrorContext): CloudHostError {
  const options = { cause: error };
  switch (error.kind) {
    case "disconnected":
    case "protocol":
    case "overflow":
      return new CloudHostError(
        "HOST_UNAVAILABLE",
        error.message,
        { host, reason: error.message },
        { ...options, retryable: true },
      );
    case "timeout":
      return new CloudHostError(
        "DEADLINE_EXCEEDED",
        error.message,
        { what, timeoutMs: callTimeoutMs },
        { ...options, retryable: true },
      );
    case "cancelled":
      return cancelled(what, error);
    case "unsupported":
      return new CloudHostError("UNSUPPORTED", error.message, { feature: what, by: "libvirt" }, options);
    case "argument":
      return new CloudHostError("INTERNAL", error.message, { reason: error.message }, options);
    case "daemon":
    default:
      if (error.code === VIR.ERR_NO_DOMAIN && guestId !== undefined) return guestNotFound(guestId, error);
      return new CloudHostError(
        "INTERNAL",
        `libvirt could not ${what}: ${error.message}`,
        { reason: error.message },
        options,
      );
  }
}

/** The operating system's own words for it, which libvirt passes on: it has no code of its own. */
const noRoom = /no space left on device/i;

const fullDisk = (what: string, cause: unknown): CloudHostError =>
  new CloudHostError("EXHAUSTED", `No room on the host's disk to ${what}.`, { resource: "disk space" }, { cause });

export const guestNotFound = (guestId: string, cause?: unknown): CloudHostError =>
  new CloudHostError("GUEST_NOT_FOUND", `The host has no guest ${guestId}.`, { guestId }, { cause });

export const cancelled = (what: string, cause: unknown): CloudHostError =>
  new CloudHostError("CANCELLED", `Cancelled: ${what}.`, { what }, { cause });

export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw cancelled(what, signal.reason);
}
