import { CloudHostError, isCloudHostError } from "@cloudhost/core";
import type { ErrorCode } from "@cloudhost/core";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

/** A new code does not compile until it has its status. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  VETOED: 403,
  CONFLICT: 409,
  IDEMPOTENCY_MISMATCH: 422,
  CURSOR_EXPIRED: 410,
  NO_VALID_HOST: 503,
  QUOTA_EXCEEDED: 403,
  EXHAUSTED: 503,
  HOST_UNAVAILABLE: 503,
  GUEST_NOT_FOUND: 404,
  IMAGE_CORRUPT: 422,
  UNSUPPORTED: 501,
  DEPENDENCY_MISSING: 500,
  LOCKED: 423,
  CANCELLED: 503,
  DEADLINE_EXCEEDED: 504,
  VERSION_MISMATCH: 500,
  INTERNAL: 500,
};

/** Answers an error as JSON: its code, message and details, as everywhere in cloudhost. */
export async function answerError(
  error: FastifyError | CloudHostError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const told = isCloudHostError(error) ? error : toldOf(error);
  const status = statusOf[told.code];
  // The cause of what is our own fault is for our log, not for the caller.
  if (status >= 500) request.log.error({ err: error }, "a request failed");
  await reply.code(status).send({ error: told });
}

/** A path that is no route. */
export async function answerNoRoute(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const details = { resource: "route", id: `${request.method} ${request.url}` };
  await answerError(new CloudHostError("NOT_FOUND", `There is no ${details.id}.`, details), request, reply);
}

/** What the framework turned away before a route saw it (no JSON, a body too large), or a fault of ours. */
function toldOf({ message, statusCode = 500 }: FastifyError): CloudHostError {
  if (statusCode < 500) return new CloudHostError("INVALID_ARGUMENT", message, { issues: [{ path: "", message }] });
  return new CloudHostError("INTERNAL", "The request failed; the log says why.", {});
}
