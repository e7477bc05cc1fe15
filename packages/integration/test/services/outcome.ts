import { isCloudHostError } from "@cloudhost/core";

/** What became of a call: `done`, or the code of its error. */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    if (!isCloudHostError(error)) throw error;
    return error.code === "FORBIDDEN"
      ? `FORBIDDEN ${(error.details as { permission: string }).permission}`
      : error.code;
  }
}
