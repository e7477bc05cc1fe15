import { AsyncLocalStorage } from "node:async_hooks";

/**
 * Runs work that belongs to nobody who happens to call it: a message on its way, a command that goes on after it was
 * accepted. It sees no caller's context, so a virtual clock does not take its waits for the caller's, and no
 * transaction that is open there reaches it.
 */
export const detached: <T>(work: () => T) => T = AsyncLocalStorage.snapshot();
