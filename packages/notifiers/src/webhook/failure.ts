import { CloudHostError } from "@cloudhost/core/ports";
import { HTTPError } from "got";

/** Answers after which the same message may be taken later; every other refusal is for good. */
export const passingStatusCodes: readonly number[] = [408, 425, 429, 500, 502, 503, 504, 521, 522, 524];

/** Why a receiver did not take a message. */
export function refusalOf(host: string, error: unknown): CloudHostError {
  if (error instanceof HTTPError) return answered(host, error.response.statusCode);
  const reason = error instanceof Error ? error.message : String(error);
  // Not the client's own error as the cause: it carries the request with its signature and tokens.
  return unavailable(host, reason, true);
}

/** A receiver's answer that is no success: a redirection too, which is not followed. */
export const answered = (host: string, status: number): CloudHostError =>
  unavailable(host, `it answers ${status}`, passingStatusCodes.includes(status));

/** The caller's signal fired, or the notifier was disposed of. Whether the message arrived is unknown. */
export const cancelled = (host: string): CloudHostError =>
  new CloudHostError("CANCELLED", `The message to ${host} was cancelled.`, { what: `a message to ${host}` });

const unavailable = (host: string, reason: string, retryable: boolean): CloudHostError =>
  new CloudHostError(
    "HOST_UNAVAILABLE",
    `${host} has not taken the message: ${reason}.`,
    { host, reason },
    { retryable },
  );
