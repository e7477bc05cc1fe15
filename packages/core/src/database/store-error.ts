import { CloudHostError, isCloudHostError } from "../errors.ts";
import { GuardFailed } from "./script.ts";

/**
 * What a database threw, as what a public call may throw. Refusals of ours stay as they are.
 * @param isTrouble whether the same may succeed later
 */
export function storeError(error: unknown, isTrouble: boolean): Error {
  if (error instanceof GuardFailed || isCloudHostError(error)) return error;
  if (!isTrouble) return CloudHostError.from(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new CloudHostError(
    "HOST_UNAVAILABLE",
    "The database does not answer, or is too busy.",
    { host: "database", reason },
    { cause: error, retryable: true },
  );
}

/** What the database itself threw: the inverse of {@link storeError}. */
export const thrownByStore = (error: unknown): unknown =>
  isCloudHostError(error) && error.cause !== undefined ? error.cause : error;
