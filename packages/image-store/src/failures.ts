import { CloudHostError, isCloudHostError } from "@cloudhost/core/ports";

/** An image, or one chunk of it, is not what was sealed; or a file is no disk image. */
export const imageCorrupt = (
  message: string,
  details: { readonly image?: string; readonly chunk?: string; readonly reason: string },
  cause?: unknown,
): CloudHostError => new CloudHostError("IMAGE_CORRUPT", message, details, { cause });

/** One argument is not what the method takes. */
export const invalidArgument = (path: string, message: string, cause?: unknown): CloudHostError =>
  new CloudHostError("INVALID_ARGUMENT", message, { issues: [{ path, message }] }, { cause });

/** There is no such image, or no such file. */
export const notFound = (resource: "image" | "file", id: string, message: string): CloudHostError =>
  new CloudHostError("NOT_FOUND", message, { resource, id });

/** The signal fired. */
export const cancelled = (what: string, cause?: unknown): CloudHostError =>
  new CloudHostError("CANCELLED", `Cancelled: ${what}.`, { what }, { cause });

/** @throws CloudHostError `CANCELLED` when the signal has fired */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw cancelled(what, signal.reason);
}

/** Node's code of a failed system call (`ENOENT`), or `undefined`. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** A failed system call on a file that the caller named, said as one of our errors. */
export function fileFailure(error: unknown, path: string): CloudHostError {
  if (isCloudHostError(error)) return error;
  const code = systemCode(error);
  if (code === "ENOENT") return notFound("file", path, `There is no file or folder ${path}.`);
  if (isFull(code)) {
    return new CloudHostError("EXHAUSTED", `No room is left to write ${path}.`, { resource: "disk" }, { cause: error });
  }
  if (code !== undefined) return invalidArgument("path", `${path} cannot be used (${code}).`, error);
  return CloudHostError.from(error);
}

/** Whether this code of a system call says that a disk, or a user's share of it, is full. */
export const isFull = (code: string | undefined): boolean => code === "ENOSPC" || code === "EDQUOT";
