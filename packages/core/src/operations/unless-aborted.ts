/** Waits for an effect, until the signal fires: then it is left as it is, and the signal's reason is thrown. */
export async function unlessAborted<Out>(signal: AbortSignal, effect: () => Promise<Out> | undefined) {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([effect(), aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
