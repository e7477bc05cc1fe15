import { CloudHostError } from "../errors.ts";
import type { ErrorRecord } from "../ports/bus.ts";

/** Any thrown thing as it crosses bus and journal. */
export const errorRecord = (error: unknown): ErrorRecord =>
  // Details are JSON by their type; the copy drops what is undefined.
  JSON.parse(JSON.stringify(CloudHostError.from(error).toJSON())) as ErrorRecord;
