import { CloudHostError } from "@cloudhost/core/ports";

/** @throws CloudHostError `CANCELLED` when the signal has fired */
export function throwIfCancelled(signal: AbortSignal, what: string): void {
  if (signal.aborted) throw cancelled(signal, what);
}

/**
 * Waits for others until the signal fires.
 * @throws CloudHostError `CANCELLED`
 */
export async function unlessCancelled<T>(others: Promise<T>, signal: AbortSignal, what: string): Promise<T> {
  throwIfCancelled(signal, what);
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(cancelled(signal, what));
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([others, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

const cancelled = (signal: AbortSignal, what: string): CloudHostError =>
  new CloudHostError("CANCELLED", `The call was cancelled: ${what}.`, { what }, { cause: signal.reason });
